import CellarTestSupport

extension ProcessTests.ToolLooking {
    /// Command lines, without the store, and all that they print.
    static let outputs: [(arguments: String, output: String)] = [
        (
            "ls",
            """
            NAME             KIND        COUNT  SIZE      KEPT        TYPE
            door             mutex       -      -         volatile    mutex
            events           log         2      21.6 KiB  persistent  string, at most 64
            jobs             queue       3      576 B     persistent  int64
            line             pipe        -      -         volatile    128 bytes each way
            list             list        2      80 B      persistent  int32, at most 4
            poses            array       3      36 B      persistent  {position: {x: float @0, y: float @4} @0, isReached: bool @8}
            raw              block       4      4 B       persistent  bytes
            robot/arm/speed  value       -      8 B       persistent  double
            robot/pose       value       -      9 B       persistent  {position: {x: float @0, y: float @4} @0, isReached: bool @8}
            seen             dictionary  1      -         persistent  string: int64
            sound            array       4      8 B       volatile    int16
            pages            multimap    2      -         disk        int16: string
            words            table       2      -         disk        string: int64

            """
        ),
        (
            "ls --tree",
            """
            NAME         KIND        COUNT  SIZE      KEPT        TYPE
            door         mutex       -      -         volatile    mutex
            events       log         2      21.6 KiB  persistent  string, at most 64
            jobs         queue       3      576 B     persistent  int64
            line         pipe        -      -         volatile    128 bytes each way
            list         list        2      80 B      persistent  int32, at most 4
            pages        multimap    2      -         disk        int16: string
            poses        array       3      36 B      persistent  {position: {x: float @0, y: float @4} @0, isReached: bool @8}
            raw          block       4      4 B       persistent  bytes
            robot/       folder      2      17 B
            ├─ arm/      folder      1      8 B
            │  └─ speed  value       -      8 B       persistent  double
            └─ pose      value       -      9 B       persistent  {position: {x: float @0, y: float @4} @0, isReached: bool @8}
            seen         dictionary  1      -         persistent  string: int64
            sound        array       4      8 B       volatile    int16
            words        table       2      -         disk        string: int64

            """
        ),
        (
            "ls --long --bytes robot/* words door",
            """
            NAME             KIND   COUNT  SIZE  KEPT        VERSION  PLACE   TYPE
            door             mutex  -      -     volatile    -        memory  mutex
            robot/arm/speed  value  -      8     persistent  -        memory  double
            robot/pose       value  -      9     persistent  1        memory  {position: {x: float @0, y: float @4} @0, isReached: bool @8}
            words            table  2      -     disk        -        disk    string: int64

            """
        ),
        (
            "ls --json",
            """
            {"name": "door", "kind": "mutex", "type": "mutex", "persistent": false, "in_memory": true}
            {"name": "events", "kind": "log", "type": "log capacity=64 room=256 bytes=0 age=0 element=string", "persistent": true, "count": 2, "bytes": 22080, "in_memory": true}
            {"name": "jobs", "kind": "queue", "type": "int64", "persistent": true, "count": 3, "capacity": 8, "bytes": 576, "in_memory": true}
            {"name": "line", "kind": "pipe", "type": "pipe capacity=128", "persistent": false, "in_memory": true}
            {"name": "list", "kind": "list", "type": "list capacity=4 element=int32", "persistent": true, "count": 2, "bytes": 80, "in_memory": true}
            {"name": "poses", "kind": "array", "type": "{position: {x: float @0, y: float @4} @0, isReached: bool @8}", "count": 3, "persistent": true, "bytes": 36, "in_memory": true}
            {"name": "raw", "kind": "block", "type": "block bytes=4", "persistent": true, "count": 4, "bytes": 4, "in_memory": true}
            {"name": "robot/arm/speed", "kind": "value", "type": "double", "persistent": true, "bytes": 8, "in_memory": true}
            {"name": "robot/pose", "kind": "value", "type": "{position: {x: float @0, y: float @4} @0, isReached: bool @8}", "persistent": true, "bytes": 9, "in_memory": true}
            {"name": "seen", "kind": "dictionary", "key_type": "string", "type": "int64", "persistent": true, "count": 1, "in_memory": true}
            {"name": "sound", "kind": "array", "type": "int16", "count": 4, "persistent": false, "bytes": 8, "in_memory": true}
            {"name": "pages", "kind": "multimap", "key_type": "int16", "type": "string", "database": "table:pages@SOME", "count": 2}
            {"name": "words", "kind": "table", "key_type": "string", "type": "int64", "database": "table:words@SOME", "count": 2}

            """
        ),
        (
            "get robot/pose",
            """
            {position: {x: 2.5, y: -2.0}, isReached: true}

            """
        ),
        (
            "get robot/pose.position.x",
            """
            2.5

            """
        ),
        (
            "get poses[0..<2].position.y",
            """
            0.5
            0.5

            """
        ),
        (
            "get poses --json",
            """
            [{"position": {"x": 0.0, "y": 0.5}, "isReached": false}, {"position": {"x": 1.0, "y": 0.5}, "isReached": true}, {"position": {"x": 2.0, "y": 0.5}, "isReached": false}]

            """
        ),
        (
            "get poses[1].isReached",
            """
            true

            """
        ),
        (
            "get list[1]",
            """
            6

            """
        ),
        (
            "get list --json",
            """
            [5, 6]

            """
        ),
        (
            "get events",
            """
            [0] on
            [1] off

            """
        ),
        (
            "get raw",
            """
            0102ab04

            """
        ),
        (
            "get line",
            """
            first: free, 0 bytes on the way to the second
            second: free, 0 bytes on the way to the first

            """
        ),
        (
            "get door",
            """
            free

            """
        ),
        (
            "get jobs --json",
            """
            {"name": "jobs", "kind": "queue", "type": "int64", "maximum_bytes": 8, "capacity": 8, "priorities": 1, "lease_milliseconds": null, "maximum_deliveries": null, "persistent": true, "closed": false, "ready": 3, "delayed": 0, "leased": 0, "dead": 0, "taken": 0, "oldest_milliseconds": SOME, "leases": []}

            """
        ),
        (
            "get seen b",
            """
            1

            """
        ),
        (
            "get words zoo",
            """
            3

            """
        ),
        (
            "scan seen",
            """
            b\t1

            """
        ),
        (
            "scan words --format json",
            """
            {"name": "words", "kind": "table", "key": "un", "value": 1}
            {"name": "words", "kind": "table", "key": "zoo", "value": 3}

            """
        ),
        (
            "dump",
            """
            door (mutex, volatile) = free
            events (log capacity=64 room=256 bytes=0 age=0 element=string)
              [0] on
              [1] off
            jobs (queue, int64), 3 of 8 items
              ready\t#1\t10
              ready\t#2\t20
              ready\t#3\t30
            line (pipe capacity=128, volatile)
              first: free, 0 bytes on the way to the second
              second: free, 0 bytes on the way to the first
            list (list capacity=4 element=int32)
              5
              6
            poses[3] ({position: {x: float @0, y: float @4} @0, isReached: bool @8}) = [{position: {x: 0.0, y: 0.5}, isReached: false}, {position: {x: 1.0, y: 0.5}, isReached: true}, {position: {x: 2.0, y: 0.5}, isReached: false}]
            raw (block bytes=4)
              0102ab04
            robot/arm/speed (double) = 0.5
            robot/pose ({position: {x: float @0, y: float @4} @0, isReached: bool @8}) = {position: {x: 2.5, y: -2.0}, isReached: true}
            seen (dictionary, string: int64), 1 entry
              b\t1
            sound[4] (int16, volatile) = [7, 7, 7, 7]
            pages (multimap, int16: string), 2 entries
              7\ta
              7\tb
            words (table, string: int64), 2 entries
              un\t1
              zoo\t3

            """
        ),
        (
            "dump --format json",
            """
            {"name": "door", "kind": "mutex", "type": "mutex", "persistent": false}
            {"name": "events", "kind": "log", "type": "log capacity=64 room=256 bytes=0 age=0 element=string", "persistent": true, "value": {"groups": {}, "entries": [{"offset": 0, "time": SOME, "value": "on"}, {"offset": 1, "time": SOME, "value": "off"}]}}
            {"name": "jobs", "kind": "queue", "type": "int64", "persistent": true, "form": "queue capacity=8 priorities=1 room=8 lease=0 deliveries=0 element=int64", "closed": false, "next_sequence": 4}
            {"name": "jobs", "kind": "queue", "state": "ready", "sequence": 1, "priority": 0, "deliveries": 0, "put_at": SOME, "due": 0, "value": 10}
            {"name": "jobs", "kind": "queue", "state": "ready", "sequence": 2, "priority": 0, "deliveries": 0, "put_at": SOME, "due": 0, "value": 20}
            {"name": "jobs", "kind": "queue", "state": "ready", "sequence": 3, "priority": 0, "deliveries": 0, "put_at": SOME, "due": 0, "value": 30}
            {"name": "line", "kind": "pipe", "type": "pipe capacity=128", "persistent": false, "value": {"first": "free", "second": "free", "bytes_from_first": 0, "bytes_from_second": 0}}
            {"name": "list", "kind": "list", "type": "list capacity=4 element=int32", "persistent": true, "value": [5, 6]}
            {"name": "poses", "kind": "array", "type": "{position: {x: float @0, y: float @4} @0, isReached: bool @8}", "count": 3, "persistent": true, "value": [{"position": {"x": 0.0, "y": 0.5}, "isReached": false}, {"position": {"x": 1.0, "y": 0.5}, "isReached": true}, {"position": {"x": 2.0, "y": 0.5}, "isReached": false}]}
            {"name": "raw", "kind": "block", "type": "block bytes=4", "persistent": true, "value": "0102ab04"}
            {"name": "robot/arm/speed", "kind": "value", "type": "double", "persistent": true, "value": 0.5}
            {"name": "robot/pose", "kind": "value", "type": "{position: {x: float @0, y: float @4} @0, isReached: bool @8}", "persistent": true, "value": {"position": {"x": 2.5, "y": -2.0}, "isReached": true}}
            {"name": "seen", "kind": "dictionary", "key_type": "string", "type": "int64", "persistent": true}
            {"name": "seen", "kind": "dictionary", "key": "b", "value": 1}
            {"name": "sound", "kind": "array", "type": "int16", "count": 4, "persistent": false, "value": [7, 7, 7, 7]}
            {"name": "pages", "kind": "multimap", "key_type": "int16", "type": "string"}
            {"name": "pages", "kind": "multimap", "key": 7, "value": "a"}
            {"name": "pages", "kind": "multimap", "key": 7, "value": "b"}
            {"name": "words", "kind": "table", "key_type": "string", "type": "int64"}
            {"name": "words", "kind": "table", "key": "un", "value": 1}
            {"name": "words", "kind": "table", "key": "zoo", "value": 3}

            """
        ),
        (
            "dump robot/* p?ses",
            """
            poses[3] ({position: {x: float @0, y: float @4} @0, isReached: bool @8}) = [{position: {x: 0.0, y: 0.5}, isReached: false}, {position: {x: 1.0, y: 0.5}, isReached: true}, {position: {x: 2.0, y: 0.5}, isReached: false}]
            robot/arm/speed (double) = 0.5
            robot/pose ({position: {x: float @0, y: float @4} @0, isReached: bool @8}) = {position: {x: 2.5, y: -2.0}, isReached: true}

            """
        ),
        (
            "dump --format csv poses",
            """
            position.x,position.y,isReached
            0.0,0.5,false
            1.0,0.5,true
            2.0,0.5,false

            """
        ),
        (
            "stat",
            """
            identity          IDENTITY
            cells on disk     8
            disk              SOME
            free pages        SOME
            map               1.0 GiB
            last transaction  SOME
            tables            2
            readers           0 of 1024 slots, 0 reading, the oldest 0 transactions behind, 0 dead
            memory            1.0 MiB in /dev/shm/cellar-IDENTITY
            memory used       332 KiB
            memory free       692 KiB at the end, none between
            cells in memory   11
            processes         0
            checkpointer      none
            checkpoints       SOME
            last checkpoint   SOME
            to be written     nothing

            """
        ),
        (
            "stat --bytes --json",
            """
            {"identity": "IDENTITY", "cells_on_disk": 8, "disk_bytes": SOME, "page_size": 4096, "free_pages": SOME, "map_size": 1073741824, "last_transaction": SOME, "tables": 2, "readers": {"in_use": 0, "maximum": 1024, "reading": 0, "oldest_lag": 0, "dead": 0}, "segment": {"name": "/cellar-IDENTITY", "size": 1048576, "used": 339728, "free": 0, "cells": 11, "attachments": 0, "last_checkpoint": SOME, "begun_checkpoints": SOME, "last_checkpoint_nanoseconds": SOME, "last_checkpoint_bytes": SOME, "last_checkpoint_chunks": SOME, "last_checkpoint_at": "WHEN", "dirty": false, "dirty_cells": 0, "dirty_bytes": 0, "checkpointer": null, "free_blocks": 0, "largest_free": 0, "free_classes": []}}

            """
        ),
        (
            "stat jobs",
            """
            elements         int64 of up to 8 bytes
            capacity         8 items
            priorities       1
            lease time       while the holder lives
            set aside after  never
            kept             persistent
            closed           no
            ready            3
            delayed          0
            leased           0
            dead             0
            taken            0
            oldest           SOME

            """
        ),
        (
            "locks",
            """
            NAME  KIND   STATE  PID  FOR  PROCESS
            door  mutex  free

            """
        ),
        (
            "watch robot/pose.position robot/arm/speed poses[1] seen words list door jobs events raw --count 10",
            """
            robot/pose.position = {x: 2.5, y: -2.0}
            robot/arm/speed = 0.5
            poses[1] = {position: {x: 1.0, y: 0.5}, isReached: true}
            seen: 1 entry
            words: 2 entries
            list = [5, 6]
            door = free
            jobs = 3 ready
            events: 2 entries
            raw = 0102ab04

            """
        ),
        (
            "watch robot/pose.position robot/arm/speed poses[1] seen words list door jobs events raw --count 10 --json",
            """
            {"name": "robot/pose", "path": ".position", "value": {"x": 2.5, "y": -2.0}}
            {"name": "robot/arm/speed", "value": 0.5}
            {"name": "poses", "index": 1, "value": {"position": {"x": 1.0, "y": 0.5}, "isReached": true}}
            {"name": "seen", "count": 1}
            {"name": "words", "count": 2}
            {"name": "list", "value": [5, 6]}
            {"name": "door", "value": {"name": "door", "kind": "mutex", "holders": [], "waiters": []}}
            {"name": "jobs", "value": {"ready": 3, "delayed": 0, "leased": 0, "dead": 0, "taken": 0}}
            {"name": "events", "count": 2, "next": 2}
            {"name": "raw", "value": "0102ab04"}

            """
        ),
        (
            "history robot/arm/speed poses[2].position.x jobs words --count 3 --interval 1ms",
            """
            NAME                 HISTORY  MIN  MAX  LAST
            robot/arm/speed      ▄▄▄      0.5  0.5  0.5
            poses[2].position.x  ▄▄▄      2.0  2.0  2.0
            jobs                 ▄▄▄      3    3    3
            words                ▄▄▄      2    2    2

            """
        ),
        (
            "history robot/arm/speed jobs --count 2 --interval 1ms --json",
            """
            {"name": "robot/arm/speed", "interval_milliseconds": 1, "samples": [0.5, 0.5], "min": 0.5, "max": 0.5, "last": 0.5}
            {"name": "jobs", "interval_milliseconds": 1, "samples": [3, 3], "min": 3, "max": 3, "last": 3}

            """
        ),
        (
            "check",
            """
            pages         whole, SOME pages
            header        whole, 1 page
            transactions  whole, 0 pieces for the next checkpoint
            processes     whole, 0 attachments
            types         whole, 5 types
            cells         whole, 11 cells
            directory     whole, 11 names
            limbo         whole, 0 blocks
            free lists    whole, 0 blocks
            memory        whole, 339,728 bytes
            records       whole, 8 cells
            values        whole, 8 chunks
            tables        whole, 4 entries
            lists         whole, 2 elements
            logs          whole, 2 entries
            the store is whole

            """
        ),
        (
            "take jobs --peek --count 2",
            """
            10
            20

            """
        ),
    ]
}
