"""A server of KServe's SDK with one model of ONNX Runtime: the peer of `service_peers.py`.

    PYTHON kserve_peer.py MODEL.onnx PORT THREADS
"""

from __future__ import annotations

import logging
import sys

import kserve
import onnxruntime
from kserve import InferOutput, InferResponse
from kserve.utils.numpy_codec import from_np_dtype


class OnnxModel(kserve.Model):
    """The model; KServe calls `predict` for each request."""

    def __init__(self, file: str, threads: int) -> None:
        super().__init__("peer")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            file, options, providers=["CPUExecutionProvider"]
        )
        self._names = [node.name for node in self._session.get_outputs()]
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        """Runs it."""
        feeds = {one.name: one.as_numpy() for one in payload.inputs}
        outputs = []
        for name, array in zip(self._names, self._session.run(self._names, feeds), strict=True):
            output = InferOutput(name, list(array.shape), from_np_dtype(array.dtype))
            output.set_data_from_numpy(array, binary_data=True)
            outputs.append(output)
        return InferResponse(payload.id or "1", "peer", outputs)


if __name__ == "__main__":
    file, port, threads = sys.argv[1:]
    # Ours writes no line a request either.
    logging.disable(logging.INFO)
    kserve.ModelServer(
        http_port=int(port), enable_grpc=False, workers=1, enable_latency_logging=False
    ).start([OnnxModel(file, int(threads))])
