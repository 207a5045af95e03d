/// What grows, and how much it may.
let allCurves: [Curve] = {
    let cells = [100, 10_000, 1_000_000]
    let entries = [1_000, 10_000, 100_000, 1_000_000]
    let processes = [1, 2, 4, 8]
    return [
        Curve(id: "open, warm, by cells", work: "open-warm", parameter: "entries", values: cells, atMost: 0.05),
        Curve(id: "open, cold, by cells", work: "open-cold", parameter: "entries", values: cells, atMost: 0.05),
        Curve(id: "lookup by name, by cells", work: "lookup", parameter: "entries", values: [100] + entries),
        Curve(
            id: "memory of a cell, by cells", work: "memory-cell", parameter: "entries", values: entries, unit: .bytes,
            atMost: 0.05),
        Curve(id: "dictionary get, by entries", work: "map-get", parameter: "entries", values: entries),
        Curve(id: "dictionary set, by entries", work: "map-set", parameter: "entries", values: entries),
        Curve(
            id: "memory of an entry, by entries", work: "memory-entry", parameter: "entries",
            values: [10_000, 100_000, 1_000_000], unit: .bytes, atMost: 0.05),
        Curve(id: "table get, by entries", work: "table-get", parameter: "entries", values: entries),
        Curve(
            id: "a lock that is fought for, by processes", work: "lock-fought", parameter: "processes",
            values: processes),
        Curve(
            id: "dictionary, 95/5, by processes", work: "map-mixed", parameter: "processes", values: processes,
            parameters: "shape=B entries=1000000", atMost: 0.05),
        Curve(
            id: "memory of a process, by processes", work: "memory-process", parameter: "processes",
            values: [1, 4, 16], unit: .bytes, atMost: 0.05),
        Curve(
            id: "array scan, by bytes", work: "scan", parameter: "bytes",
            values: [1 << 28, 1 << 29, 1 << 30], atMost: 1.1),
        Curve(
            id: "checkpoint, by bytes", work: "checkpoint", parameter: "bytes",
            values: [1 << 22, 1 << 24, 1 << 26], atMost: 1.1),
        Curve(
            id: "block store, by bytes", work: "block-store", parameter: "bytes", values: [64, 1024, 65536], atMost: 1.1
        ),
    ]
}()
