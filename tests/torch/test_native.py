"""What a program holds is ordinary PyTorch, usable without us."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from torch_cases import dataset, program, steps
from torch_documents import LAYERS, Document
from torch_trainings import PHASED, TRAININGS

from mtlspec.backend import Program

EXPORTED = {
    name: LAYERS[name]
    for name in (
        "fused_softplus",
        "activation_gelu_tanh",
        "conv_same_strides",
        "conv_same_even",
        "batch_norm_biased",
        "batch_norm_images",
        "dropout_images",
        "norms_and_gates",
        "normalization",
        "max_pool_same_uneven",
        "average_pool_same_uneven",
        "global_max_pool",
        "reshape",
        "residual_shortcut",
        "merge_multiply",
    )
} | {name: TRAININGS[name] for name in ("rows_dense_adam", "rows_separate_skip_adam")}


def inputs_of(subject: Program, rows: int) -> dict[str, torch.Tensor]:
    data = dataset(subject.graph)
    integers = {entry.name for entry in subject.graph.inputs if entry.dtype == "integer"}
    return {
        name: torch.tensor(array[:rows], dtype=torch.int64 if name in integers else torch.float64)
        for name, array in data.inputs.items()
    }


def assert_equal(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for task, wanted in expected.items():
        torch.testing.assert_close(found[task], wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "document",
    [
        *(PHASED["joint"], LAYERS["penalties"], LAYERS["residual_shortcut"]),
        *(document for name, document in TRAININGS.items() if "before_correction" in name or "clipped" in name),
        *(TRAININGS[name] for name in ("sgd_nesterov_into_velocity", "adamw_schedule", "adamw", "rows_skip_adamw")),
    ],
)
def test_a_plain_loop_with_the_native_parts_trains_as_train_does(document: Document) -> None:
    ours, theirs = program(document, "torch"), program(document, "torch")
    data = dataset(ours.graph, even=True)
    chosen = steps(ours.graph, data)
    expected = ours.train(ours.place(data), chosen)

    model, optimizer, loss_functions = theirs.model, theirs.optimizer, theirs.loss_functions
    inputs = inputs_of(theirs, len(data))
    targets = {t: torch.tensor(y) for t, y in data.targets.items()}
    model.train()
    for index, rows in enumerate(torch.tensor(chosen.rows)):
        optimizer.param_groups[0]["lr"] = chosen.learning_rates[index, 0]
        logits = model({name: tensor[rows] for name, tensor in inputs.items()})
        losses = {task: loss(logits[task], targets[task][rows]) for task, loss in loss_functions.items()}
        total = sum(weight * loss for weight, loss in zip(chosen.weights[index], losses.values(), strict=True))
        optimizer.zero_grad()
        (total + theirs.penalty()).backward()
        optimizer.step()
        found = [loss.item() for loss in losses.values()]
        np.testing.assert_allclose(found, expected.losses[index], rtol=1e-11, atol=1e-13)
    assert theirs.state.steps == ours.state.steps


def test_the_optimizers_are_those_of_pytorch() -> None:
    natives = {"sgd_into_velocity": torch.optim.SGD, "adam": torch.optim.Adam, "adamw_schedule": torch.optim.AdamW}
    for name, native in natives.items():
        assert type(program(TRAININGS[name], "torch").optimizer) is native


@pytest.mark.parametrize("name", ["sgd_into_velocity_clipped_global_epsilon", "adam_before_correction"])
def test_a_step_leaves_gradients_and_numbers_as_they_were_and_takes_a_closure(name: str) -> None:
    subject = program(TRAININGS[name], "torch")
    same = program(TRAININGS[name], "torch")
    numbers = {
        key: value for key, value in subject.optimizer.param_groups[0].items() if key not in ("params", "updates")
    }

    def closure(each: Program = subject) -> torch.Tensor:
        each.optimizer.zero_grad()
        logits = each.model(inputs_of(each, 8))
        total: torch.Tensor = sum(output.square().sum() for output in logits.values())
        total.backward()
        return total

    for _ in range(3):
        loss = subject.optimizer.step(closure)
        held = [parameter.grad.clone() for parameter in subject.model.parameters()]
        assert loss.item() == closure(same).item()
        assert all(torch.equal(p.grad, g) for p, g in zip(same.model.parameters(), held, strict=True))
        same.optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(subject.model.parameters(), same.model.parameters(), strict=True))
    group = subject.optimizer.param_groups[0]
    assert {key: group[key] for key in numbers} == numbers
    assert group["updates"] == 3


@pytest.mark.parametrize("document", EXPORTED.values(), ids=EXPORTED.keys())
def test_the_model_exports_for_any_batch(document: Document) -> None:
    subject = program(document, "torch")
    model = subject.model.eval()
    example = inputs_of(subject, 6)
    batch = torch.export.Dim("batch")
    dynamic = ({name: {0: batch} for name in example},)
    exported = torch.export.export(model, (example,), dynamic_shapes=dynamic)
    for rows in (2, 6, 11):
        inputs = inputs_of(subject, rows)
        assert_equal(exported.module()(inputs), model(inputs))
    assert set(exported.state_dict) == set(model.state_dict())


@pytest.mark.parametrize("document", EXPORTED.values(), ids=EXPORTED.keys())
def test_the_model_is_one_graph_to_the_compiler(document: Document) -> None:
    subject = program(document, "torch")
    inputs = inputs_of(subject, 6)
    for training in (False, True):
        plain = copy.deepcopy(subject.model).train(training)
        compiled = copy.deepcopy(subject.model).train(training)
        torch._dynamo.reset()
        found, expected = torch.compile(compiled, fullgraph=True, backend="aot_eager")(inputs), plain(inputs)
        assert_equal(found, expected)
        for outputs in (found, expected):
            sum(output.square().sum() for output in outputs.values()).backward()
        for parameter, wanted in zip(compiled.parameters(), plain.parameters(), strict=True):
            assert parameter.grad.layout is wanted.grad.layout
            grad, expected_grad = parameter.grad.to_dense(), wanted.grad.to_dense()
            torch.testing.assert_close(grad, expected_grad, rtol=1e-10, atol=1e-12)
        for name, tensor in plain.state_dict().items():
            torch.testing.assert_close(compiled.state_dict()[name], tensor, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")  # by PyTorch, on importing its compiler
def test_the_compiled_model_trains_alike() -> None:
    ours, theirs = (program(PHASED["joint"], "torch") for _ in range(2))
    torch._dynamo.reset()
    compiled = torch.compile(theirs.model, fullgraph=True)
    inputs = inputs_of(ours, 8)
    for _ in range(3):
        for each, model in ((ours, ours.model), (theirs, compiled)):
            each.optimizer.zero_grad()
            sum(output.square().mean() for output in model(inputs).values()).backward()
            each.optimizer.step()
    for path, array in ours.parameters.items():
        np.testing.assert_allclose(theirs.parameters[path], array, rtol=1e-10, atol=1e-13)


def test_the_exported_training_model_writes_its_statistics() -> None:
    subject = program(PHASED["joint"], "torch")
    plain = copy.deepcopy(subject.model).train()
    batch = torch.export.Dim("batch", min=2)
    exported = torch.export.export(subject.model.train(), (inputs_of(subject, 6),), dynamic_shapes=({"x": {0: batch}},))
    module = exported.module()
    inputs = inputs_of(subject, 9)
    assert_equal(module(inputs), plain(inputs))
    for name, buffer in plain.named_buffers():
        torch.testing.assert_close(dict(module.named_buffers())[name], buffer, rtol=1e-12, atol=1e-14)


def test_state_dict_names_are_key_paths_with_native_leaves() -> None:
    residual = program(LAYERS["residual_shortcut"], "torch").model
    assert list(residual.state_dict()) == [
        "trunk.0.layers.0.weight",
        "trunk.0.layers.0.bias",
        "trunk.0.layers.1.layers.0.weight",
        "trunk.0.layers.1.layers.0.bias",
        "trunk.0.layers.1.layers.0.running_mean",
        "trunk.0.layers.1.layers.0.running_var",
        "trunk.0.layers.1.layers.0.num_batches_tracked",
        "trunk.0.layers.1.layers.1.weight",
        "trunk.0.layers.1.layers.1.bias",
        "trunk.0.shortcut.0.weight",
        "trunk.0.shortcut.0.bias",
        "tasks.species.head.0.weight",
        "tasks.species.head.0.bias",
        "tasks.mass.head.0.weight",
        "tasks.mass.head.0.bias",
    ]
    dropout = program(PHASED["joint"], "torch").model
    assert {"trunk.2.step", "trunk.3.running_var"} <= set(dropout.state_dict())
    assert type(dropout.trunk[0]) is torch.nn.Linear
    assert type(dropout.tasks["mass"]["head"][0]) is torch.nn.Linear


def test_native_layers_are_used_where_they_are_exact() -> None:
    native = {
        "conv_valid_strides": torch.nn.Conv2d,
        "conv_same": torch.nn.Conv2d,
        "batch_norm_images": torch.nn.BatchNorm2d,
        "layer_norm": torch.nn.LayerNorm,
        "max_pool_same": torch.nn.MaxPool2d,
        "average_pool": torch.nn.AvgPool2d,
    }
    for name, kind in native.items():
        found = [type(module) for module in program(LAYERS[name], "torch").model.modules()]
        assert kind in found, name


def test_a_copy_and_a_pickle_compute_the_same() -> None:
    subject = program(PHASED["joint"], "torch")
    inputs = inputs_of(subject, 5)
    for made in (copy.deepcopy(subject.model), pickle.loads(pickle.dumps(subject.model))):
        assert_equal(made(inputs), copy.deepcopy(subject.model)(inputs))


def test_an_exchanged_module_is_called() -> None:
    subject = program(LAYERS["dense_without_bias"], "torch")
    inputs = inputs_of(subject, 5)
    subject.model.tasks["mass"]["head"][0] = torch.nn.Linear(6, 1, dtype=torch.float64)
    head = subject.model.tasks["mass"]["head"][0]
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(7.0)
    assert subject.model(inputs)["mass"].eq(7.0).all()


def test_compiling_draws_no_number_of_the_global_generator() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    program(LAYERS["residual_shortcut"], "torch")
    program(TRAININGS["rows_skip_adam"], "torch")
    assert torch.equal(torch.get_rng_state(), state)
