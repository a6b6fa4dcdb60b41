"""A document that is `like: keras` means by class weights what the `class_weight` of Keras does."""

from __future__ import annotations

import numpy as np
import pytest
from keras_cases import DENSE, Document, document
from mtlspec_keras.engine import keras

import mtlspec as mtl

WEIGHTS = (0.5, 2.0, 1.25)
COUNT = 16


def spec_of(**laws: object) -> mtl.Spec:
    loss: Document = {"kind": "softmax_cross_entropy", "class_weights": WEIGHTS, "label_smoothing": 0.2, **laws}
    head = [{"kind": "dense", "units": 3}]
    found = document(DENSE, tasks=[{"name": "only", "head": head, "loss": loss}], precision="float32")
    return mtl.Spec.model_validate({"like": "keras", **found})


@pytest.mark.parametrize(("laws", "is_keras"), [({}, True), ({"class_weights_apply_to": "class_terms"}, False)])
def test_the_loss_of_a_batch_is_keras_own(laws: Document, is_keras: bool) -> None:
    spec = spec_of(**laws)
    draw = np.random.Generator(np.random.Philox(4))
    x, classes = 3 * draw.normal(size=(COUNT, 5)), draw.integers(0, 3, COUNT)
    data = mtl.dataset(spec, inputs={"x": x}, targets={"only": classes})
    program = mtl.compile(spec, backend="keras")
    ours = program.losses(on=data.batch(np.arange(COUNT), {"only": spec.tasks[0].loss.reduction}))["only"]
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    program.model.compile(optimizer=keras.optimizers.SGD(0.0), loss=loss)
    one_hot = np.eye(3, dtype=np.float32)[classes]
    native = program.model.train_on_batch({"x": x.astype(np.float32)}, one_hot, class_weight=dict(enumerate(WEIGHTS)))
    assert (abs(ours / native - 1) < 1e-6) if is_keras else (abs(ours / native - 1) > 1e-3)
