"""The Open Inference Protocol, version 2, over HTTP, with Triton's extensions.

The protocol: https://github.com/kserve/open-inference-protocol. The extensions: docs/protocol of
https://github.com/triton-inference-server/server.
"""
