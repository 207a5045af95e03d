import Cellar

extension Operation {
    static let values = [
        Operation("load-int") { store in
            let value = try store.value("hits", initial: 1)
            return { count in
                var sum = 0
                for _ in 0..<count { sum &+= value.load() }
                sink(sum)
            }
        },
        Operation("store-int") { store in
            let value = try store.value("hits", initial: 1)
            return { count in for index in 0..<count { value.store(index) } }
        },
        Operation("add-int") { store in
            let value = try store.value("hits", initial: 1)
            return { count in for _ in 0..<count { value.add(1) } }
        },
        Operation("load-64-bytes") { store in
            let value = try store.value("block", initial: Block64())
            return { count in
                var sum = 0
                for _ in 0..<count {
                    let block = try value.load()
                    sum &+= block.a &+ block.b &+ block.c &+ block.d &+ block.e &+ block.f &+ block.g &+ block.h
                }
                sink(sum)
            }
        },
        Operation("store-64-bytes") { store in
            let value = try store.value("block", initial: Block64())
            return { count in for index in 0..<count { try value.store(Block64(a: index, h: index)) } }
        },
        Operation("lock-64-bytes") { store in
            let value = try store.value("block", initial: Block64())
            return { count in for _ in 0..<count { try value.withLock { $0.a &+= 1 } } }
        },
        Operation("lookup") { store in
            let names = (0..<1024).map(keyText)
            for name in names { _ = try store.value(name, initial: 0) }
            return { count in
                var sum = 0
                // Over a span, so that the loop itself does not count references to the array.
                let names = names.span
                for index in 0..<count { sum &+= try store.value(names[index & 1023], initial: 0).load() }
                sink(sum)
            }
        },
    ]

    static let arrays = [
        Operation("array-get") { store in
            let array = try store.array("sound", of: Int.self, count: 1024)
            return { count in
                var sum = 0
                for index in 0..<count { sum &+= array[index & 1023] }
                sink(sum)
            }
        },
        Operation("array-set") { store in
            let array = try store.array("sound", of: Int.self, count: 1024)
            return { count in for index in 0..<count { array[index & 1023] = index } }
        },
        Operation("array-slice-of-1024") { store in
            let array = try store.array("sound", of: Float.self, count: 4096)
            return { count in
                var sum = 0
                for index in 0..<count {
                    let start = index & 1023
                    sum &+= try array.values(in: start..<start + 1024).count
                }
                sink(sum)
            }
        },
    ]
}
