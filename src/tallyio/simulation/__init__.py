"""The local EVM: the exact call runs on the state of a block before anything is signed."""
