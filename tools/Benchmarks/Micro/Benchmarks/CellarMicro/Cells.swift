import Cellar
import Glibc

extension Operation {
    /// An operation on one number that all share.
    private static func number(_ name: String, _ loop: @escaping @Sendable (SharedValue<Int>) -> Loop) -> Operation {
        Operation("value: " + name) { store in loop(try store.value("number", initial: 1)) }
    }

    static let values = [
        // Loops of their own where calling a closure would cost more than the operation.
        number("load Int") { value in
            { count in
                var sum = 0
                for _ in 0..<count { sum &+= value.load() }
                sink(sum)
            }
        },
        number("store Int") { value in { count in for index in 0..<count { value.store(index) } } },
        number("exchange Int") { value in sum { value.exchange($0) } },
        number("compareExchange Int") { value in
            sum { value.compareExchange(expected: $0, desired: $0 &+ 1).original }
        },
        number("add Int") { value in { count in for _ in 0..<count { value.add(1) } } },
        number("subtract Int") { value in each { _ in value.subtract(1) } },
        number("and Int") { value in each { value.and($0) } },
        number("or Int") { value in each { value.or($0) } },
        number("xor Int") { value in each { value.xor($0) } },
        number("min Int") { value in each { value.min($0) } },
        number("max Int") { value in each { value.max($0) } },
        Operation("value: add Double") { store in
            let value = try store.value("double", initial: 1.0)
            return each { _ in value.add(1) }
        },
        Operation("value: xor Bool") { store in
            let value = try store.value("flag", initial: false)
            return each { _ in value.xor(true) }
        },
        number("versioned Int") { value in sum { _ in try value.versioned().value } },
        number("wait for nothing") { value in
            sum { _ in
                let version = try value.versioned().version
                return try value.wait(after: version, timeout: .zero) == nil ? 0 : 1
            }
        },
    ]

    /// An operation on one value of 64 bytes that all share.
    private static func block(_ name: String, _ loop: @escaping @Sendable (SharedValue<Block64>) -> Loop) -> Operation {
        Operation("value: " + name) { store in loop(try store.value("block", initial: Block64())) }
    }

    static let largerValues = [
        block("load 64 bytes") { value in
            sum { _ in
                let block = try value.load()
                return block.a &+ block.b &+ block.c &+ block.d &+ block.e &+ block.f &+ block.g &+ block.h
            }
        },
        block("store 64 bytes") { value in each { try value.store(Block64(a: $0, h: $0)) } },
        block("exchange 64 bytes") { value in sum { try value.exchange(Block64(a: $0)).a } },
        block("withLock 64 bytes") { value in each { _ in try value.withLock { $0.a &+= 1 } } },
        block("versioned 64 bytes") { value in sum { _ in try value.versioned().value.a } },
        Operation("value: bytes by schema") { store in
            _ = try store.value("block", initial: Block64())
            let cell = try store.cell("block")
            return sum { _ in try cell.bytes().count }
        },
        Operation("value: setBytes by schema") { store in
            _ = try store.value("block", initial: Block64())
            let cell = try store.cell("block")
            let bytes = [UInt8](repeating: 1, count: 64)
            return each { _ in try cell.setBytes(bytes) }
        },
        Operation("value: modify by schema") { store in
            _ = try store.value("block", initial: Block64())
            let cell = try store.cell("block")
            return each { _ in try cell.modify { $0[0] &+= 1 } }
        },
    ]

    private static func numbers(_ name: String, _ loop: @escaping @Sendable (SharedArray<Int>) -> Loop) -> Operation {
        Operation("array: " + name) { store in loop(try store.array("numbers", of: Int.self, count: 1024)) }
    }

    private static func blocks(_ name: String, _ loop: @escaping @Sendable (SharedArray<Block64>) -> Loop) -> Operation
    {
        Operation("array: " + name) { store in loop(try store.array("blocks", of: Block64.self, count: 1024)) }
    }

    static let arrays = [
        numbers("element, get") { array in
            { count in
                var sum = 0
                for index in 0..<count { sum &+= array[index & 1023] }
                sink(sum)
            }
        },
        numbers("element, set") { array in { count in for index in 0..<count { array[index & 1023] = index } } },
        numbers("element, add") { array in each { _ = array.add(1, at: $0 & 1023) } },
        numbers("element, exchange") { array in sum { array.exchange($0, at: $0 & 1023) } },
        numbers("element, compareExchange") { array in
            sum { array.compareExchange(at: $0 & 1023, expected: $0, desired: 1).original }
        },
        numbers("element, max") { array in each { _ = array.max($0, at: $0 & 1023) } },
        blocks("64 bytes, load") { array in sum { try array.load(at: $0 & 1023).a } },
        blocks("64 bytes, store") { array in each { try array.store(Block64(a: $0), at: $0 & 1023) } },
        numbers("slice of 64, one by one") { array in sum { _ in array[64..<128].count } },
        numbers("values of 64") { array in sum { _ in try array.values(in: 64..<128).count } },
        numbers("values of 1,024") { array in sum { _ in try array.values().count } },
        numbers("write 64") { array in
            let new = [Int](repeating: 3, count: 64)
            return each { _ in try array.write(new, at: 64) }
        },
        numbers("fill 64") { array in each { try array.fill($0, in: 64..<128) } },
        numbers("withLock, one element") { array in each { index in try array.withLock { $0[7] = index } } },
        numbers("update, one of 1,024") { array in each { index in try array.update { $0[7] = index } } },
    ]

    static let names = [
        Operation("store: value by name, 1,024 names") { store in
            let names = (0..<1024).map(keyText)
            for name in names { _ = try store.value(name, initial: 0) }
            return sum { try store.value(names[$0 & 1023], initial: 0).load() }
        },
        Operation("store: array by name") { store in
            _ = try store.array("numbers", of: Int.self, count: 16)
            return sum { _ in try store.array("numbers", of: Int.self).count }
        },
        Operation("store: contains") { store in
            _ = try store.value("here", initial: 0)
            return sum { _ in try store.contains("here") ? 1 : 0 }
        },
        Operation("store: cellInfo") { store in
            _ = try store.value("here", initial: 0)
            return sum { _ in try store.cellInfo("here") == nil ? 0 : 1 }
        },
        Operation("store: make and remove a value", isBrief: false) { store in
            let name = "passing \(getpid())"
            return each { _ in
                _ = try store.value(name, initial: 0)
                try store.remove(name)
            }
        },
        Operation("store: rename", isBrief: false) { store in
            let (one, other) = ("one \(getpid())", "other \(getpid())")
            _ = try store.value(one, initial: 0)
            return each { _ in
                try store.rename(one, to: other)
                try store.rename(other, to: one)
            }
        },
    ]
}
