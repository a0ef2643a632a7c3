"""What the machine can do, and what the model asks of it.

Peaks are measured, not looked up: the best that the libraries at hand reach on two cores, over matrices of the model's
own sizes and larger ones. One multiply-add counts as one operation.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Work = Callable[[], object]
ROWS: Final = (256, 1024)
SQUARE: Final = (1024, 1024)
SECONDS: Final = 0.15
"""How long one size of matrix is tried."""
PRODUCTS: Final = {
    "MatMul", "Gemm", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QLinearMatMul"
}  # fmt: skip


def sizes(model: Path) -> list[tuple[int, int]]:
    """Shapes of the weights that the model multiplies with, each once."""
    return sorted({tuple(w.shape) for w in _weights(onnx.load(model)).values() if min(w.shape) >= 64})


def peaks(shapes: Sequence[tuple[int, int]], threads: int) -> dict[str, float]:
    """Multiply-adds a second, in 10⁹, by kind of number: the best size of the best library."""
    kinds: dict[str, list[Callable[[int, int, int], Work]]] = {
        "float32": [_onnx(TensorProto.FLOAT, np.dtype(np.float32)), _torch(torch.float32)],
        "bfloat16": [_torch(torch.bfloat16)],
        "int8": [_onnx(TensorProto.UINT8, np.dtype(np.uint8)), _torch_int8],
    }
    return {
        kind: max(
            _rate(make(rows, *shape), rows * shape[0] * shape[1], threads)
            for make in makers
            for shape in (*shapes, SQUARE)
            for rows in ROWS
        )
        for kind, makers in kinds.items()
    }


def bandwidth(threads: int, megabytes: int = 64) -> float:
    """Bytes read and written a second, in 10⁹, copying arrays that no cache holds."""
    pairs = [(np.ones(megabytes << 17), np.empty(megabytes << 17)) for _ in range(threads)]
    turns = cycle(pairs)
    return _rate(lambda: np.copyto(*next(turns)[::-1]), 2 * (megabytes << 20), threads)


def multiply_adds(model: Path) -> Callable[[int], float]:
    """Multiply-adds of one sequence by its number of tokens: a constant, a part by token, a part by pair of tokens.

    Counted from the shapes that pass through the graph, whatever its depth and width.
    """
    tokens = np.array([8, 16, 32])
    counted = [_count(model, int(n)) for n in tokens]
    return np.poly1d(np.polyfit(tokens, counted, 2))


def _count(model: Path, tokens: int) -> int:
    graph = onnx.load(model)
    nodes = [node for node in graph.graph.node if node.op_type in PRODUCTS]
    attention = [node for node in graph.graph.node if node.op_type == "MultiHeadAttention"]
    wanted = {name for node in nodes for name in (node.input[0], node.output[0])}
    wanted |= {node.output[0] for node in attention}
    names = sorted(wanted - {value.name for value in (*graph.graph.input, *graph.graph.output)})
    logits = [value.name for value in graph.graph.output]
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), _alone(), providers=["CPUExecutionProvider"])
    ids = np.full((1, tokens), 5, dtype=np.int64)
    found = session.run([*names, *logits], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    values: dict[str, NDArray[Any]] = dict(zip([*names, *logits], map(np.asarray, found), strict=True))
    total = sum(values[node.output[0]].size * values[node.input[0]].shape[-1] for node in nodes)
    return int(total + sum(2 * tokens * values[node.output[0]].size for node in attention))


def _weights(graph: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    used = {node.input[1] for node in graph.graph.node if node.op_type in PRODUCTS}
    return {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.graph.initializer
        if tensor.name in used and len(tensor.dims) == 2
    }


def _alone() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return options


def _onnx(kind: int, dtype: np.dtype[Any]) -> Callable[[int, int, int], Work]:
    def make(rows: int, depth: int, columns: int) -> Work:
        whole = dtype == np.uint8
        random = np.random.default_rng(7)
        weights = random.integers(-127, 127, (depth, columns)).astype(np.int8 if whole else dtype)
        graph = helper.make_graph(
            [helper.make_node("MatMulInteger" if whole else "MatMul", ["a", "w"], ["c"])],
            "product",
            [helper.make_tensor_value_info("a", kind, [rows, depth])],
            [helper.make_tensor_value_info("c", TensorProto.INT32 if whole else kind, [rows, columns])],
            [numpy_helper.from_array(weights, "w")],
        )
        content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        session = onnxruntime.InferenceSession(
            content.SerializeToString(), _alone(), providers=["CPUExecutionProvider"]
        )
        left = random.integers(0, 127, (rows, depth)).astype(dtype)
        return lambda: session.run(None, {"a": left})

    return make


def _torch(dtype: torch.dtype) -> Callable[[int, int, int], Work]:
    def make(rows: int, depth: int, columns: int) -> Work:
        left, right = torch.randn(rows, depth).to(dtype), torch.randn(depth, columns).to(dtype)
        return lambda: torch.mm(left, right)

    return make


def _torch_int8(rows: int, depth: int, columns: int) -> Work:
    left = torch.randint(-127, 127, (rows, depth), dtype=torch.int8)
    right = torch.randint(-127, 127, (depth, columns), dtype=torch.int8)
    return lambda: torch._int_mm(left, right)


def _rate(work: Work, operations: int, threads: int) -> float:
    """10⁹ operations a second: the best of three, each thread at work on its own core."""

    def repeat(until: float) -> tuple[int, float]:
        done = 0
        while (now := time.perf_counter()) < until:
            work()
            done += 1
        return done, now

    work()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(3):
            start = time.perf_counter()
            parts = list(pool.map(repeat, [start + SECONDS] * threads))
            best = max(best, operations * sum(done for done, _ in parts) / (max(end for _, end in parts) - start))
    torch.set_num_threads(before)
    return best / 1e9
