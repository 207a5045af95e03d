let arrayRows: [Row] = [
    Row("array, element get", "element-get", beside: [Opponent(.bare), Opponent(.multiprocessing)]),
    Row("array, element set", "element-set", beside: [Opponent(.bare), Opponent(.multiprocessing)]),
    Row(
        "array, slice of 64 KiB copied out", "slice-copy", "bytes=65536",
        beside: [Opponent(.bare, "memcpy, in C"), Opponent(.multiprocessing)]),
    Row(
        "array, scan of 1 GiB", "scan", "bytes=1073741824",
        beside: [Opponent(.bare, "memcpy, in C"), Opponent(.multiprocessing)],
        goals: [.ratio("memcpy, in C", 1 / 0.95)]),
    Row(
        "array, bulk copy in of 1 GiB", "bulk-in", "bytes=1073741824",
        beside: [Opponent(.bare, "memcpy, in C"), Opponent(.multiprocessing)],
        goals: [.ratio("memcpy, in C", 1 / 0.95)]),
]
