"""Convolutions: plain, by channel, in two stages and transposed, over sequences and images."""

from __future__ import annotations

from typing import Literal

from mtlspec.spec.activations import Activation, Linear
from mtlspec.spec.borders import CausalPadding, Cut1d, Cut2d, Padding1d, Padding2d
from mtlspec.spec.constraints import Constraint
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.law import law
from mtlspec.spec.layer import Layer, Pair, Positive
from mtlspec.spec.signature import (
    ParameterRule,
    Penalty,
    Shape,
    ShapeError,
    Signature,
    Sizes,
    Window,
    channels,
    elements,
    expect_rank,
)
from mtlspec.spec.value import problem, raise_problems

KERNEL = {"published": "glorot_uniform", "keras": "glorot_uniform", "torch": "fan_in_uniform"}
BIAS = {"published": "zeros", "keras": "zeros", "torch": "fan_in_uniform"}


class Convolution(Layer):
    """What every convolution has: a window, a bias, and an activation, which is a node of its own."""

    @property
    def window(self) -> Window:
        """The window, by axis."""
        raise NotImplementedError

    def made(self, size: Shape) -> Shape:
        """Return the size of the output."""
        return self.window.output(size)

    def rules(self, channels: int) -> tuple[Sizes, tuple[ParameterRule, ...]]:
        """Return the channels of the output, as a shape, and the parameters for so many of the input."""
        raise NotImplementedError

    def signature(self, shape: Shape) -> Signature:
        rank = len(self.window.size)
        expect_rank(shape, rank + 1, "(steps, channels)" if rank == 1 else "(height, width, channels)")
        outputs, rules = self.rules(channels(shape))
        return Signature((*self.made(shape[:-1]), *outputs), rules)

    def model_post_init(self, context: object) -> None:
        """Refuse strides together with dilation."""
        window = self.window
        if max(window.strides) > 1 and max(window.dilation) > 1:
            message = (
                f"strides {window.strides} do not go with dilation {window.dilation}: Keras refuses both at once; "
                "leave the strides at 1 and let a pool of size 1 with these strides follow"
            )
            raise_problems(type(self).__name__, [problem(message, ("dilation",))])


# Fields stand in the order of the bases from the last to the first, so that `filters` comes before `kernel_size`.


class _Filters(Convolution):
    filters: Positive


class _Line(Convolution):
    kernel_size: Positive
    strides: Positive = 1


class _Image(Convolution):
    kernel_size: Pair
    strides: Pair = (1, 1)


class _WideLine(_Line):
    padding: Padding1d = "valid"
    """`same`: output ceil(n/stride), the odd zero after (as TensorFlow); `valid`: none; or zeros in numbers."""
    dilation: Positive = 1
    """The distance of neighbouring elements of the kernel."""

    @property
    def window(self) -> Window:
        """The window, by axis."""
        padding = self.padding if isinstance(self.padding, str) else (self.padding,)
        return Window((self.kernel_size,), (self.strides,), (self.dilation,), padding)


class _WideImage(_Image):
    padding: Padding2d = "valid"
    """`same`: output ceil(n/stride), the odd zero after (as TensorFlow); `valid`: none; or zeros in numbers."""
    dilation: Pair = (1, 1)
    """The distance of neighbouring elements of the kernel."""

    @property
    def window(self) -> Window:
        """The window, by axis."""
        return Window(self.kernel_size, self.strides, self.dilation, self.padding)


class _Biased(Convolution):
    activation: Activation = Linear()
    bias: bool = True
    bias_initializer: Initializer = law(**BIAS)
    bias_penalty: Penalty = Penalty()
    bias_constraint: Constraint | None = None

    def with_bias(self, *kernels: ParameterRule) -> tuple[ParameterRule, ...]:
        """Return the rules of `kernels` and of the bias, which has the outputs and fans of the last."""
        last = kernels[-1]
        bias = ParameterRule(
            "bias",
            self.outputs(last),
            self.bias_initializer,
            fan_in=last.fan_in,
            fan_out=last.fan_out,
            penalty=self.bias_penalty,
            constraint=self.bias_constraint,
        )
        return (*kernels, bias) if self.bias else kernels

    def outputs(self, kernel: ParameterRule) -> Sizes:
        """Return the channels that `kernel` makes, as a shape."""
        return kernel.shape[-1:]


class _OneKernel(_Biased):
    kernel_initializer: Initializer = law(**KERNEL)
    kernel_penalty: Penalty = Penalty()
    kernel_constraint: Constraint | None = None

    def kernel(self, shape: Sizes, *, fan_in: int, fan_out: int) -> ParameterRule:
        """Return the rule of the kernel."""
        return ParameterRule(
            "kernel",
            shape,
            self.kernel_initializer,
            fan_in=fan_in,
            fan_out=fan_out,
            penalty=self.kernel_penalty,
            constraint=self.kernel_constraint,
        )


class _Grouped(_OneKernel, _Filters):
    groups: Positive = 1
    """So many parts that the channels of input and output are cut into; each part of the output reads one."""

    def rules(self, channels: int) -> tuple[Sizes, tuple[ParameterRule, ...]]:
        if channels % self.groups:
            raise ShapeError(f"{channels} channels cannot be cut into {self.groups} groups; take a divisor")
        size, each = self.window.size, channels // self.groups
        count = elements(size)
        kernel = self.kernel((*size, each, self.filters), fan_in=count * each, fan_out=count * self.filters)
        return (self.filters,), self.with_bias(kernel)

    def model_post_init(self, context: object) -> None:
        """Refuse strides together with dilation, and groups that filters cannot be cut into."""
        super().model_post_init(context)
        if self.filters % self.groups:
            message = f"{self.filters} filters cannot be cut into {self.groups} groups; take a divisor"
            raise_problems(type(self).__name__, [problem(message, ("groups",), self.groups)])


class Conv1d(_Grouped, _WideLine, _Line, _Filters):
    """activation(x ∗ kernel + bias), cross-correlation; x (steps, in), kernel (k, in/groups, filters)."""

    kind: Literal["conv1d"] = "conv1d"
    padding: CausalPadding = "valid"  # type: ignore[assignment]  # a sequence has a before, which others have not
    """`same`: output ceil(n/stride), the odd zero after (as TensorFlow); `causal`: all zeros before, so that no step
    sees a later one; `valid`: none; or zeros in numbers."""


class Conv2d(_Grouped, _WideImage, _Image, _Filters):
    """activation(x ∗ kernel + bias), cross-correlation; x (height, width, in), kernel (kh, kw, in/groups, filters)."""

    kind: Literal["conv2d"] = "conv2d"


class _ByChannel(Convolution):
    depth_multiplier: Positive = 1
    """So many outputs each channel has; output c·depth_multiplier + j is the j-th of channel c."""
    fans: Literal["grouped", "plain"] = law(published="grouped", keras="plain", torch="grouped")
    """How an initializer counts the kernel (k, in, multiplier): `grouped`, as the convolution in groups that it is,
    fan in k, fan out k·in·multiplier (PyTorch); `plain`, by its axes, fan in k·in, fan out k·multiplier (Keras)."""

    def counted(self, channels: int) -> tuple[int, int]:
        """Return fan in and fan out of a kernel that reads each channel by itself."""
        count = elements(self.window.size)
        if self.fans == "grouped":
            return count, count * channels * self.depth_multiplier
        return count * channels, count * self.depth_multiplier


class _Depthwise(_OneKernel, _ByChannel):
    def rules(self, channels: int) -> tuple[Sizes, tuple[ParameterRule, ...]]:
        fan_in, fan_out = self.counted(channels)
        shape = (*self.window.size, channels, self.depth_multiplier)
        return (channels * self.depth_multiplier,), self.with_bias(self.kernel(shape, fan_in=fan_in, fan_out=fan_out))

    def outputs(self, kernel: ParameterRule) -> Sizes:
        return (kernel.shape[-2] * kernel.shape[-1],)


class DepthwiseConv1d(_Depthwise, _WideLine):
    """activation(x ∗ kernel + bias), each channel by itself; x (steps, in), kernel (k, in, depth_multiplier)."""

    kind: Literal["depthwise_conv1d"] = "depthwise_conv1d"


class DepthwiseConv2d(_Depthwise, _WideImage):
    """activation(x ∗ kernel + bias), each channel by itself; kernel (kh, kw, in, depth_multiplier)."""

    kind: Literal["depthwise_conv2d"] = "depthwise_conv2d"


class _Separable(_Biased, _ByChannel, _Filters):
    depthwise_initializer: Initializer = law(**KERNEL)
    pointwise_initializer: Initializer = law(**KERNEL)
    depthwise_penalty: Penalty = Penalty()
    pointwise_penalty: Penalty = Penalty()
    depthwise_constraint: Constraint | None = None
    pointwise_constraint: Constraint | None = None

    def rules(self, channels: int) -> tuple[Sizes, tuple[ParameterRule, ...]]:
        size, deep = self.window.size, channels * self.depth_multiplier
        fan_in, fan_out = self.counted(channels)
        depthwise = ParameterRule(
            "depthwise_kernel",
            (*size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            fan_in=fan_in,
            fan_out=fan_out,
            penalty=self.depthwise_penalty,
            constraint=self.depthwise_constraint,
        )
        pointwise = ParameterRule(
            "pointwise_kernel",
            (*(1 for _ in size), deep, self.filters),
            self.pointwise_initializer,
            fan_in=deep,
            fan_out=self.filters,
            penalty=self.pointwise_penalty,
            constraint=self.pointwise_constraint,
        )
        return (self.filters,), self.with_bias(depthwise, pointwise)


class SeparableConv1d(_Separable, _WideLine, _Line, _Filters):
    """activation((x ∗ depthwise_kernel)·pointwise_kernel + bias): each channel by itself, then all at each step.

    depthwise_kernel (k, in, depth_multiplier), pointwise_kernel (1, in·depth_multiplier, filters).
    """

    kind: Literal["separable_conv1d"] = "separable_conv1d"


class SeparableConv2d(_Separable, _WideImage, _Image, _Filters):
    """activation((x ∗ depthwise_kernel)·pointwise_kernel + bias): each channel by itself, then all at each pixel.

    depthwise_kernel (kh, kw, in, depth_multiplier), pointwise_kernel (1, 1, in·depth_multiplier, filters).
    """

    kind: Literal["separable_conv2d"] = "separable_conv2d"


class _Transposed(_OneKernel, _Filters):
    def made(self, size: Shape) -> Shape:
        return self.window.transposed(size)

    def rules(self, channels: int) -> tuple[Sizes, tuple[ParameterRule, ...]]:
        size = self.window.size
        count = elements(size)
        kernel = self.kernel((*size, self.filters, channels), fan_in=count * self.filters, fan_out=count * channels)
        return (self.filters,), self.with_bias(kernel)

    def outputs(self, kernel: ParameterRule) -> Sizes:
        return kernel.shape[-2:-1]

    def model_post_init(self, context: object) -> None:
        """Refuse more places after than a longer input would make."""
        window = self.window
        if isinstance(window.padding, str):
            return
        if any(-after >= stride for (_, after), stride in zip(window.padding, window.strides, strict=True)):
            message = f"fewer places than a stride, {window.strides}, can be added after; found {window.padding}"
            raise_problems(type(self).__name__, [problem(message, ("padding",), window.padding)])


class TransposedConv1d(_Transposed, _Line, _Filters):
    """activation(Σ x·kernel + bias): each step adds its multiple of the kernel to k steps, every `strides` further.

    The gradient of a convolution with the same kernel (k, filters, in); x (steps, in). Its fans are that one's too.
    """

    kind: Literal["transposed_conv1d"] = "transposed_conv1d"
    padding: Cut1d = "valid"
    """`same`: output n·stride; `valid`: (n-1)·stride + max(k, stride); or [before, after], cut off the whole
    (n-1)·stride + k, where an end below 0 adds places of the bias (PyTorch's padding p, output_padding o: [p, p-o])."""

    @property
    def window(self) -> Window:
        """The window, by axis."""
        padding = self.padding if isinstance(self.padding, str) else (self.padding,)
        return Window((self.kernel_size,), (self.strides,), (1,), padding)


class TransposedConv2d(_Transposed, _Image, _Filters):
    """activation(Σ x·kernel + bias): each pixel adds its multiple of the kernel to a window, every `strides` further.

    The gradient of a convolution with the same kernel (kh, kw, filters, in); x (height, width, in). Its fans are that
    one's too.
    """

    kind: Literal["transposed_conv2d"] = "transposed_conv2d"
    padding: Cut2d = "valid"
    """`same`: output n·stride; `valid`: (n-1)·stride + max(k, stride); or [[top, bottom], [left, right]], cut off the
    whole (n-1)·stride + k, where an end below 0 adds places of the bias (PyTorch's padding p, output_padding o:
    [p, p-o] on each axis)."""

    @property
    def window(self) -> Window:
        """The window, by axis."""
        return Window(self.kernel_size, self.strides, (1, 1), self.padding)
