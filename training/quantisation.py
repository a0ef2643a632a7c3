"""Int8 with fixed scales: from a float ONNX graph to one whose sequences may share a run.

Weights get a scale by output column, activations one fixed scale by tensor, from the least and the most that they
take on sample rows (min-max calibration; Jacob et al. 2018, arXiv:1712.05877). With scales that follow the run
(dynamic quantisation) a comment's scores would hang on the comments beside it; with fixed ones only integers are added
up in the products, and they come out alike in any company. ``friction.inference`` reads that from the metadata.
Called by ``training.export``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from friction.inference import STATIC, open_session

from .hush import hushed

MICROSOFT: Final = "com.microsoft"
"""The domain of ONNX Runtime's own product of integers that ends in floats, bias added."""
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Product:
    """Activations times constant weights, and the bias that follows."""

    node: onnx.NodeProto
    bias_node: onnx.NodeProto | None
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @property
    def output(self) -> str:
        return str((self.bias_node or self.node).output[0])


def quantise(source: Path, path: Path, rows: Sequence[Sequence[int]]) -> None:
    """Write the int8 model.

    Args:
        source: float ONNX, with inputs ``input_ids`` and ``attention_mask``.
        path: where the int8 model goes.
        rows: token ids of sequences such as the model will read; at least one.
    """
    products = list(_products(onnx.load(source).graph))
    ranges = _ranges(source, sorted({str(p.node.input[0]) for p in products}), rows)
    with hushed():
        quantize_dynamic(source, path, op_types_to_quantize=["Gather"], weight_type=QuantType.QInt8)  # embeddings
    model = onnx.load(path)
    _rewrite(model.graph, ranges)
    model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    helper.set_model_props(model, dict([STATIC]))
    onnx.save(model, path)


def _products(graph: onnx.GraphProto) -> Iterator[_Product]:
    constants = {tensor.name: tensor for tensor in graph.initializer}
    users: defaultdict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    for node in graph.node:
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] not in constants:
            continue
        weights = numpy_helper.to_array(constants[node.input[1]])
        if node.op_type == "Gemm":
            settings = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            if settings.get("alpha", 1) != 1 or settings.get("beta", 1) != 1 or settings.get("transA"):
                continue
            weights = weights.T if settings.get("transB") else weights
            yield _Product(node, None, weights, numpy_helper.to_array(constants[node.input[2]]))
        elif weights.ndim == 2:
            follows = users[node.output[0]]
            added = (
                [n for n in (*follows[0].input,) if n in constants] if [f.op_type for f in follows] == ["Add"] else []
            )
            bias = [b for b in (numpy_helper.to_array(constants[n]) for n in added) if b.shape == weights.shape[1:]]
            none = np.zeros(weights.shape[1], np.float32)
            yield _Product(node, follows[0] if bias else None, weights, bias[0] if bias else none)


def _ranges(source: Path, names: Sequence[str], rows: Iterable[Sequence[int]]) -> dict[str, Range]:
    """Least and most of each tensor over all rows, run through the float model."""
    model = onnx.load(source)
    for name in names:
        for kind in ("Min", "Max"):
            model.graph.node.append(helper.make_node(f"Reduce{kind}", [name], [f"{name}.{kind}"], keepdims=0))
            model.graph.output.append(helper.make_empty_tensor_value_info(f"{name}.{kind}"))
    scratch = source.with_suffix(".ranges.onnx")
    onnx.save(model, scratch)
    session = open_session(scratch)
    scratch.unlink()
    wanted = [f"{name}.{kind}" for name in names for kind in ("Min", "Max")]
    seen = []
    for row in rows:
        ids = np.array([row], dtype=np.int64)
        seen.append(session.run(wanted, {"input_ids": ids, "attention_mask": np.ones_like(ids)}))
    table = np.array(seen, dtype=np.float64).reshape(-1, len(names), 2)
    return {n: (float(table[:, i, 0].min()), float(table[:, i, 1].max())) for i, n in enumerate(names)}


def _rewrite(graph: onnx.GraphProto, ranges: dict[str, Range]) -> None:
    """Put an integer product in the place of each float one, and drop what nothing reads any more."""
    products = {p.node.name: p for p in _products(graph)}
    biases = {p.bias_node.name for p in products.values() if p.bias_node is not None}
    done: set[str] = set()
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.name in products:
            nodes += _integer(graph, products[node.name], ranges, done)
        elif node.name not in biases:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _integer(
    graph: onnx.GraphProto, product: _Product, ranges: dict[str, Range], done: set[str]
) -> Iterator[onnx.NodeProto]:
    def constant(name: str, value: NDArray[Any] | np.generic) -> str:
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    name = str(product.node.input[0])
    scale, zero, whole = f"{name}.scale", f"{name}.zero", f"{name}.int8"
    if name not in done:
        done.add(name)
        low, high = min(ranges[name][0], 0.0), max(ranges[name][1], 0.0)
        step = (high - low) / 255 or 1.0
        constant(scale, np.float32(step))
        constant(zero, np.uint8(round(-low / step)))
        yield helper.make_node("QuantizeLinear", [name, scale, zero], [whole], name=whole)
    steps = np.maximum(np.abs(product.weights).max(axis=0) / 127, 1e-12).astype(np.float32)
    out = product.output
    inputs = [
        whole,
        constant(f"{out}.weights", np.round(product.weights / steps).astype(np.int8)),
        scale,
        constant(f"{out}.steps", steps),
        zero,
        constant(
            f"{out}.middle", np.int8(0)
        ),  # stated, so that ONNX Runtime can make the weights uint8: see open_session
        constant(f"{out}.bias", product.bias),
    ]
    yield helper.make_node("MatMulIntegerToFloat", inputs, [out], name=f"{out}.product", domain=MICROSOFT)
