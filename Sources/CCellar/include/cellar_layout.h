// The structures of the shared segment, declared once, in plain C, so that their layout is the C ABI's and every
// offset is asserted below. Words marked (atomic) are only touched with atomic operations. All positions are byte
// offsets from the start of the segment; 0 means "none". The state table of each atomic word stands beside the Swift
// file that works it (named in the comment); SegmentFormat.md draws all of this.
#pragma once
#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define CELLAR_CACHE_LINE 64
#define CELLAR_PROCESS_SLOTS 1024
#define CELLAR_PROCESS_NAME_BYTES 48
#define CELLAR_TABLE_PAGES 4096
#define CELLAR_CELLS_PER_PAGE 4096
#define CELLAR_SMALL_CLASSES 256
#define CELLAR_SMALL_GRANULE 16
#define CELLAR_TABLE_WATCHES 64
#define CELLAR_PLACE_PATH_BYTES 480

// A robust mutex with room for what other C libraries need; the rest of the 48 bytes stays zero.
typedef union cellar_mutex {
    pthread_mutex_t native;
    unsigned char bytes[40];
} cellar_mutex;
static_assert(sizeof(cellar_mutex) == 40, "a pthread mutex is 40 bytes on this ABI");

// What a catalogue operation was about to do, so that whoever finds its author dead can finish or undo it.
// Segment/CatalogIntent.swift
typedef struct cellar_intent {
    uint64_t operation;   // (atomic) 0 = none; written last, cleared last
    uint64_t block;       // block taken from the allocator
    uint64_t block_size;
    uint64_t second;      // a second block taken
    uint64_t second_size;
    uint64_t cell;        // cell worked on
    uint64_t other;       // publish: offset of the word that will point to the block; rename: the new name word
    uint64_t reserved;
} cellar_intent;
static_assert(sizeof(cellar_intent) == 64, "intent");

// Checkpoint co-ordination. Persistence/Checkpointer.swift, Persistence/SyncGate.swift
typedef struct cellar_checkpoint {
    cellar_mutex role;        // held by the keeper that is the checkpointer, for as long as it is
    uint32_t idle;            // (atomic, futex) 1 = the checkpointer sleeps until somebody has something for it
    uint32_t finished;        // (atomic, futex) low word of `ended`, for waiters
    uint64_t requested;       // (atomic) the highest pass number somebody waits for
    uint64_t begun;           // (atomic) number of the newest pass that began
    uint64_t ended;           // (atomic) number of the newest pass that ended, well or badly
    uint64_t succeeded;       // (atomic) number of the newest pass that is on disk
    uint64_t failure;         // (atomic) what the newest failed pass met: StoreError code index << 32 | errno
    uint64_t holder;          // (atomic) process slot + 1 of the checkpointer
    uint64_t last_nanoseconds;// (atomic) how long the newest successful pass took
    uint64_t last_bytes;      // (atomic) and what it wrote
    uint64_t last_chunks;
    uint64_t verify;          // (atomic) counts requests to compare everything with the disk (a process died)
    uint64_t verified;        // (atomic) the value of `verify` that a successful pass has honoured
    uint64_t last_ended_ns;   // (atomic) wall clock at the end of the pass that last_nanoseconds is of
} cellar_checkpoint;
static_assert(sizeof(cellar_checkpoint) == 144, "checkpoint");

// Changes to several things that are made together. Segment/Transactions/TransactionArea.swift
typedef struct cellar_transactions {
    cellar_mutex lock;        // held by the transaction that runs
    uint64_t holder;          // (atomic) slot + 1 of the lock's holder | coarse milliseconds << 32
    uint64_t sequence;        // (atomic) odd while changes are being made
    uint64_t state;           // (atomic) 0 none, 1 perhaps committed on disk, 2 committed: the record is to be applied
    uint64_t number;          // (atomic) advances before a record is written
    uint64_t identity;        // (atomic) what the database names if the transaction in state 1 is there
    uint64_t record;          // (atomic) block for records
    uint64_t record_capacity; // (atomic) its bytes
    uint64_t record_length;   // (atomic) bytes of the record in it
    uint64_t touched;         // (atomic) block with two sets of pieces that transactions changed
    uint64_t touched_capacity;// (atomic) its bytes
    uint64_t touched_counts[2]; // (atomic) how many pieces are in each
    uint64_t drained;         // (atomic) advances whenever the pieces of the first set are moved to the second
} cellar_transactions;
static_assert(sizeof(cellar_transactions) == 144, "transactions");

// One change of a transaction, in its record; the key's bytes and the value's follow, each filled up to a multiple of 8.
// Segment/Transactions/RedoRecord.swift
typedef struct cellar_redo {
    uint64_t cell;        // offset of the cell
    uint64_t uid;         // and its identity: another one at that place is left alone
    uint64_t place;       // element: its index; entry: the hash of its key
    uint64_t expiry;      // entry: milliseconds since 1970, 0 = never
    uint32_t kind;        // 0 superseded, 1 value, 2 element, 3 entry, 4 entry removed
    uint32_t applied;     // (atomic) 1 = the cell has it
    uint32_t key_count;   // bytes
    uint32_t value_count; // bytes
} cellar_redo;
static_assert(sizeof(cellar_redo) == 48, "redo");

// Where the store is whose segment this is: for people and for clearing up, who opens a store does not ask.
// Segment/SegmentPlace.swift
typedef struct cellar_place {
    uint64_t length;      // (atomic) bytes of the path; 0 = not known. Cleared first, written last
    uint64_t device;      // of the store's directory
    uint64_t inode;
    uint64_t view;        // identity of the mounts and the root by which the path leads there
    char path[CELLAR_PLACE_PATH_BYTES];
} cellar_place;
static_assert(sizeof(cellar_place) == 512, "place");

typedef struct cellar_header {
    uint64_t magic;               // (atomic) published last
    uint32_t format_version;
    uint32_t header_size;
    uint64_t layout_fingerprint;
    uint32_t byte_order;
    uint32_t pointer_width;
    unsigned char store_uuid[16];
    unsigned char boot_id[16];
    uint64_t size;                // (atomic) bytes that are backed by memory; only grows
    uint64_t created_ns;          // wall clock
    uint64_t flags;               // (atomic) CELLAR_FLAG_*
    uint64_t next_attachment;     // (atomic)
    uint64_t next_uid;            // (atomic) identity of the next cell, never given twice in a store's life
    uint64_t cursor;              // (atomic) first byte never handed out
    uint64_t directory;           // (atomic) the current directory table
    uint64_t schemas;             // (atomic) list of schema records
    uint64_t limbo;               // (atomic) list of blocks that wait until nobody looks at them
    uint64_t free_ids;            // (atomic) 1 + where to look for vacated cell ids, 0 = there are none
    uint64_t next_id;             // (atomic) first cell id never handed out
    uint64_t directory_used;      // (atomic) slots of the directory that are not empty
    uint64_t live_cells;          // (atomic)
    uint64_t hash_seed;
    uint64_t free_large;          // (atomic) list of free blocks above the small classes
    uint64_t free_bytes;          // (atomic) bytes on the free lists
    uint64_t reclaimed;           // (atomic) the oldest attachment when limbo was last gone through
    uint64_t reserved0;
    cellar_mutex allocation;      // guards the catalogue: allocator, directory, cell table, growth
    uint64_t allocation_holder;   // (atomic) slot + 1 | coarse milliseconds << 32
    cellar_intent intent;
    cellar_checkpoint checkpoint;
    unsigned char reserved1[48];
    cellar_transactions transactions;
    unsigned char reserved2[2048 - 512 - 144 - 512 - 8 * CELLAR_TABLE_WATCHES];
    cellar_place place;
    uint64_t table_watches[CELLAR_TABLE_WATCHES]; // (atomic, futex in the upper halves) Segment/TableWatches.swift
    uint64_t free_small[CELLAR_SMALL_CLASSES]; // (atomic) lists of free blocks of 16, 32, … 4096 bytes
} cellar_header;
static_assert(offsetof(cellar_header, allocation) == 208, "header");
static_assert(offsetof(cellar_header, transactions) == 512, "header");
static_assert(offsetof(cellar_header, place) == 1024, "header");
static_assert(offsetof(cellar_header, table_watches) == 1536, "header");
static_assert(offsetof(cellar_header, free_small) == 2048, "header");
static_assert(sizeof(cellar_header) == 4096, "the header is one page");

// One attached process. Segment/ProcessTable.swift
typedef struct cellar_process {
    uint64_t state;        // (atomic) 0 free, 1 live
    uint64_t attachment;   // (atomic) number of the attachment, never given twice in a segment's life
    uint32_t pid;
    uint32_t thread;       // (atomic) the keeper's thread id; 0 while somebody mends what a dead one left
    uint64_t started_ns;   // wall clock
    uint32_t wake;         // (atomic, futex) bumped to wake the keeper
    uint32_t reserved0;
    uint64_t reserved1[3];
    cellar_mutex liveness; // held by the keeper for as long as the process lives
    uint64_t reserved2[3];
    char name[CELLAR_PROCESS_NAME_BYTES];
    uint64_t reserved3[2];
} cellar_process;
static_assert(offsetof(cellar_process, liveness) == 64, "process slot");
static_assert(sizeof(cellar_process) == 192, "a process slot is three cache lines");

// Cell id -> offset, with the dirty marks of the page's cells. Segment/CellTable.swift
typedef struct cellar_table_page {
    uint64_t cells[CELLAR_CELLS_PER_PAGE];      // (atomic) offset of the cell, 0 = none
    uint64_t dirty[CELLAR_CELLS_PER_PAGE / 64]; // (atomic) a bit a cell: something of it is to be written
    uint64_t taken[CELLAR_CELLS_PER_PAGE / 64]; // (atomic) a bit a cell: a checkpoint under way has taken it
} cellar_table_page;
static_assert(sizeof(cellar_table_page) == 33792, "table page");

// The fixed part of the segment.
typedef struct cellar_segment {
    cellar_header header;
    cellar_process processes[CELLAR_PROCESS_SLOTS];
    uint64_t pages[CELLAR_TABLE_PAGES];         // (atomic) offsets of table pages
    uint64_t dirty_pages[CELLAR_TABLE_PAGES / 64]; // (atomic) a bit a page: a cell of it is dirty
} cellar_segment;
static_assert(offsetof(cellar_segment, processes) == 4096, "segment");
static_assert(offsetof(cellar_segment, pages) == 200704, "segment");
static_assert(offsetof(cellar_segment, dirty_pages) == 233472, "segment");
static_assert(sizeof(cellar_segment) == 233984, "segment");

// Name -> cell: open addressing. A slot is 0 (empty), 1 (dropped), or tag << 48 | offset. Segment/Directory.swift
typedef struct cellar_directory {
    uint64_t capacity;     // a power of two; slots follow
    uint64_t reserved;
} cellar_directory;
static_assert(sizeof(cellar_directory) == 16, "directory");

// One interned type description; its text follows. Segment/SchemaTable.swift
typedef struct cellar_schema {
    uint64_t next;
    uint64_t fingerprint;
    uint64_t size;
    uint32_t alignment;
    uint32_t text_length;
} cellar_schema;
static_assert(sizeof(cellar_schema) == 32, "schema");

// A cell. The name follows (unless it was renamed), then what the kind needs. What a lookup and a small value's reading
// look at stands together, so that with a name of 16 bytes it is in two cache lines wherever the block begins.
// Segment/Cell.swift
typedef struct cellar_cell {
    cellar_mutex lock;
    uint64_t holder;       // (atomic) slot + 1 of the lock's holder | coarse milliseconds << 32
    uint64_t block_size;   // of the whole block that begins here
    uint64_t count;        // elements; 1 for a value
    uint32_t state;        // (atomic) 1 loading, 2 live, 3 removed
    uint32_t traits;       // kind (1 value, 2 array, 3 dropped name, 4 dictionary, 5 structure) | volatile << 8
    uint64_t name;         // (atomic) offset | length << 48
    uint64_t schema;
    uint32_t id;           // index in the cell table
    uint32_t record;       // (atomic) 0 = the database's record of the cell is up to date; else a change count
    uint64_t uid;          // identity in the store, on disk too
    uint64_t sequence;     // (atomic) two-copy values and atomic updates
    uint64_t mark;         // (atomic, futex in the upper half) dirty mark of a value, and the count its watchers wait on
    uint64_t word;         // (atomic) a value of up to 8 bytes; otherwise the offset of the payload or array part
} cellar_cell;
static_assert(offsetof(cellar_cell, state) == 64, "cell");
static_assert(offsetof(cellar_cell, mark) == 112, "mark and word share 16 aligned bytes, so one cache line");
static_assert(sizeof(cellar_cell) == 128, "cell");

// The array part of a cell; a mark for each chunk follows, then the elements. Segment/Cell.swift
typedef struct cellar_array {
    uint64_t payload;          // offset of the elements
    uint64_t payload_size;     // bytes
    uint64_t chunk_count;
    uint64_t overlay;          // (atomic) offset of the buffer of the update under way
    uint64_t overlay_capacity; // (atomic) its bytes
    uint64_t overlay_start;    // (atomic) first byte of the elements it replaces
    uint64_t overlay_length;   // (atomic) and how many
    uint64_t torn_start;       // (atomic) the range a bulk write works on, kept if its writer died:
    uint64_t torn_length;      // (atomic) 0 = none
    uint64_t watch;            // (atomic, futex in the upper half) advances when a watched chunk changes
    uint64_t extra;            // of a structure: offset of what is not on disk
    uint64_t extra_size;       // bytes
    uint64_t reserved[4];
} cellar_array;
static_assert(offsetof(cellar_array, watch) == 72, "array");
static_assert(sizeof(cellar_array) == 128, "array");

// The part of a structure (a queue, a lock, …) that is not on disk: this, the index, and the form's text. The content, which
// is, lies where an array has its elements. Segment/Structures/StructureReference.swift
typedef struct cellar_structure {
    uint64_t whole;        // (atomic) 1 = the index agrees with the content; 0 = who has the lock makes it anew
    uint64_t index_size;   // bytes of the index
    uint32_t text_size;    // bytes of the text, which follows the index
    uint32_t bell_count;   // so many futex words, on which those sleep who wait for something,
    uint32_t bell_stride;  // so many bytes apart,
    uint32_t first_bell;   // the first at this byte of the index
    uint64_t deaths;       // (atomic) how often all were woken since a process had died
    uint64_t reserved[3];
} cellar_structure;
static_assert(sizeof(cellar_structure) == 64, "structure");

// What a queue's content begins with; its items follow. Segment/Queue/QueueMemory.swift
typedef struct cellar_queue_content {
    uint64_t next_sequence; // place in the order of the next item that is put
    uint64_t closed;        // 1 = nothing more is put
    uint64_t reserved[6];
} cellar_queue_content;
static_assert(sizeof(cellar_queue_content) == 64, "queue content");

// An item of a queue; its bytes follow. All is written before the state.
typedef struct cellar_queue_item {
    uint64_t state;       // (atomic) 0 free, 1 ready, 2 leased, 3 dead | bytes << 8
    uint64_t sequence;    // place in the order
    uint64_t due;         // not delivered before: milliseconds since 1970, 0 = at once
    uint64_t put_at;      // when, in milliseconds since 1970
    uint64_t holder;      // leased: process slot | number of the attachment << 16
    uint64_t lease_end;   // leased: until when, in monotonic milliseconds; 0 = for as long as the holder lives
    uint32_t deliveries;  // how often it was leased
    uint32_t priority;    // higher ones go first
} cellar_queue_item;
static_assert(sizeof(cellar_queue_item) == 56, "queue item");

// What a queue's index begins with. Made anew from the items whenever a process died holding the lock.
typedef struct cellar_queue_index {
    uint32_t items;           // (futex) advances when a consumer that sleeps may find something
    uint32_t spaces;          // (futex) and a producer
    uint32_t done;            // (futex) and who waits for all to be done
    uint32_t waiting_consumers; // who sleep, or are about to; perhaps more, never fewer
    uint32_t waiting_producers;
    uint32_t waiting_joiners;
    uint32_t first_free;      // (atomic) item + 1; 0 = none
    uint32_t first_leased;    // item + 1
    uint32_t ready;           // items by state
    uint32_t delayed;         // ready, but not due; in a heap by when they are
    uint32_t leased;
    uint32_t dead;
    uint64_t levels;          // (atomic) a bit a priority that has ready items
    uint64_t next_lease_end;  // none ends before
    uint64_t taken;           // items that were got for good and not marked done
    uint64_t deaths;          // of the structure's, as many as were looked into
    uint64_t built;           // 1 = this index was made before: leases are of processes of this boot
    uint64_t reserved;
} cellar_queue_index;
static_assert(sizeof(cellar_queue_index) == 96, "queue index");

// Items in order of one priority: a ring of item numbers.
typedef struct cellar_queue_level {
    uint32_t first;
    uint32_t count;
} cellar_queue_level;

// What a log's content begins with; its groups follow, and then its entries. Segment/Log/LogMemory.swift
typedef struct cellar_log_content {
    uint64_t first;       // (atomic) the oldest entry that is kept
    uint64_t next;        // (atomic) the next one that is appended; written last
    uint64_t byte_count;  // of the entries that are kept
    uint64_t group_count; // (atomic) groups in use
    uint64_t reserved[4];
} cellar_log_content;
static_assert(sizeof(cellar_log_content) == 64, "log content");

#define CELLAR_LOG_GROUPS 64
#define CELLAR_LOG_GROUP_NAME 48

// A group of consumers of a log.
typedef struct cellar_log_group {
    uint64_t position;    // (atomic) the next entry it is to see
    uint64_t name_size;   // bytes
    char name[CELLAR_LOG_GROUP_NAME];
} cellar_log_group;
static_assert(sizeof(cellar_log_group) == 64, "log group");

// An entry of a log; its bytes follow.
typedef struct cellar_log_entry {
    uint64_t number;      // (atomic) which entry it is, + 1; 0 while it is being written
    uint64_t time;        // when it was appended: milliseconds since 1970, never less than that of the one before
    uint64_t size;        // bytes
} cellar_log_entry;
static_assert(sizeof(cellar_log_entry) == 24, "log entry");

// A log's index.
typedef struct cellar_log_index {
    uint32_t bell;        // (futex) advances when something was appended while somebody slept
    uint32_t waiting;     // somebody sleeps, or is about to
    uint64_t deaths;      // of the structure's, as many as were looked into
    uint64_t reserved[6];
} cellar_log_index;
static_assert(sizeof(cellar_log_index) == 64, "log index");

// How many items a process got for good and has not marked done.
typedef struct cellar_queue_taker {
    uint64_t attachment;
    uint64_t count;
} cellar_queue_taker;

// What a pipe's index begins with; the four sides of its two rings follow, then the rings. Segment/Pipe/PipeMemory.swift
typedef struct cellar_pipe {
    uint64_t generation;   // (atomic) how often it began anew, empty
    uint64_t holders[2];   // (atomic) who has the end: 0 nobody yet, slot + 1 | attachment << 16, ~0 it was given up
    uint64_t reserved[13];
} cellar_pipe;
static_assert(sizeof(cellar_pipe) == 128, "pipe");

// The writer's or the reader's side of a ring, in cache lines that nobody else writes to but to ask to be woken.
typedef struct cellar_pipe_side {
    uint64_t position;     // (atomic) bytes written, or read, since the pipe began anew
    uint32_t bell;         // (atomic, futex) advances when the other side, which sleeps, may find something
    uint32_t waiting;      // (atomic) 1 = the other side sleeps, or is about to
    uint64_t reserved[14];
} cellar_pipe_side;
static_assert(sizeof(cellar_pipe_side) == 128, "pipe side");

// What a list's content begins with; its elements follow. Segment/List/ListMemory.swift
typedef struct cellar_list {
    uint64_t count;        // (atomic) elements
    uint64_t reserved[7];
} cellar_list;
static_assert(sizeof(cellar_list) == 64, "list");

// A block's index; its content is the bytes. Segment/Block/BlockMemory.swift
typedef struct cellar_block {
    uint64_t generation;   // (atomic) odd while somebody writes, or died writing
    uint32_t bell;         // (atomic, futex) advances when who waits for a write may find one
    uint32_t waiting;      // (atomic) 1 = somebody waits for the next write
    uint64_t reserved[6];
} cellar_block;
static_assert(sizeof(cellar_block) == 64, "block");

// The content of a lock or signal. Segment/Sync/SyncMemory.swift
typedef struct cellar_sync {
    uint64_t word;    // (atomic) what it is, besides who waits and who holds it; by kind
    uint64_t ticket;  // (atomic) the last place in the order that was given
    uint64_t deaths;  // (atomic) of the structure's, as many as were looked into
    uint64_t used;    // (atomic) entries from this one on are free
    uint64_t reserved[4];
} cellar_sync;
static_assert(sizeof(cellar_sync) == 64, "sync");

// An entry of its index: somebody who waits for it, or holds it. Segment/Sync/Party.swift
typedef struct cellar_party {
    uint64_t state;       // (atomic) 0 free, 1 waiting, 2 holding, 3 called | how << 8 | ticket << 16 | amount << 32
    uint64_t ticket;      // (atomic) place in the order, never given twice
    uint64_t attachment;  // (atomic) number of the party's attachment
    uint64_t token;       // (atomic) its thread, where that matters
    uint64_t round;       // (atomic) barrier: the round it takes part in
    uint32_t slot;        // (atomic) of the attachment
    uint32_t bell;        // (atomic, futex) advances when the party is to look at its entry
    uint32_t since;       // (atomic) coarse monotonic milliseconds
    uint32_t reserved0;
    uint64_t reserved1;
} cellar_party;
static_assert(offsetof(cellar_party, bell) == 44, "party");
static_assert(sizeof(cellar_party) == 64, "an entry is a cache line");

// What a dictionary adds to its cell; its stripes follow, in the same block. Segment/Dictionary/DictionaryShape.swift
typedef struct cellar_dictionary {
    uint64_t key_type;      // 1 text, 2 bytes, else the offset of a schema
    uint64_t value_type;    // likewise
    uint32_t key_size;      // bytes of a plain key; 0 where keys have any length
    uint32_t value_size;    // likewise
    uint32_t stripe_count;  // a power of two
    uint32_t flags;         // 1 entries may expire
    uint64_t seed;          // of the hash; on disk too
    uint64_t capacity;      // the most entries, the oldest unused of which go; 0 = no limit
    uint64_t stripes;       // offset of the first
    uint64_t reserved;
} cellar_dictionary;
static_assert(sizeof(cellar_dictionary) == 64, "dictionary");

#define CELLAR_BLOCK_CLASSES 40
#define CELLAR_BUCKET_CLASSES 4

// A part of a dictionary with a lock and memory of its own: the entries whose hash ends in its number.
// Segment/Dictionary/Stripe.swift
typedef struct cellar_stripe {
    // What a put of a plain entry writes: two cache lines.
    cellar_mutex lock;
    uint64_t holder;        // (atomic) slot + 1 of the lock's holder | coarse milliseconds << 32
    uint64_t count;         // (atomic) entries, those included that only the disk has
    uint64_t operation;     // (atomic) what the lock's holder is at, 0 = nothing; written last, cleared last
    uint64_t bucket;        // the bucket worked on
    uint64_t place;         // put: new slot + 1 | old slot + 1 << 8; rebuild: index of the bucket in the directory
    uint64_t block;         // memory taken
    uint64_t second;        // a second piece
    uint64_t count_after;   // `count` when it is done
    uint64_t slabs;         // (atomic) list of the memory it took, newest first
    uint64_t cursor;        // (atomic) first byte of the newest slab that was never handed out
    uint64_t end;           // (atomic) and the slab's end
    // What every reader reads, and few writers write.
    uint64_t directory;     // (atomic) offset | depth << 48
    uint64_t hand;          // (atomic) where the search for an entry to evict goes on: index * 16 + slot
    uint64_t first_dirty;   // the first directory: dirty bits,
    uint64_t first_entry;   // and its one entry
    uint64_t free_buckets[CELLAR_BUCKET_CLASSES]; // (atomic) lists of buckets of 4, 8, 12, 16 slots
    uint64_t free_blocks[CELLAR_BLOCK_CLASSES];   // (atomic) lists of blocks of 16 … 32,768 bytes
} cellar_stripe;
static_assert(offsetof(cellar_stripe, bucket) == 64, "stripe");
static_assert(offsetof(cellar_stripe, directory) == 128, "stripe");
static_assert(offsetof(cellar_stripe, first_dirty) == 144, "stripe");
static_assert(offsetof(cellar_stripe, free_blocks) == 192, "stripe");
static_assert(sizeof(cellar_stripe) == 512, "stripe");

// A piece of memory of a stripe; what is handed out follows. A free block of the segment keeps all but its first two words.
// Segment/Dictionary/StripeMemory.swift
typedef struct cellar_slab {
    uint64_t free_list[2];
    uint64_t next;
    uint64_t size;          // of the whole block
} cellar_slab;
static_assert(sizeof(cellar_slab) == 32, "slab");

// Entries whose hashes have their last bits in common; slots follow. Segment/Dictionary/Bucket.swift
typedef struct cellar_bucket {
    uint64_t state;         // (atomic) occupied slots, a bit each | depth << 16 | version << 24
    uint64_t tags[2];       // (atomic) a byte of each slot's hash
    uint64_t next;          // (atomic) of a free bucket: the next one
    uint64_t used;          // (atomic) slots that were read since the hand came by, a bit each
    uint64_t capacity;      // slots: 4, 8, 12 or 16
    uint64_t reserved[2];
} cellar_bucket;
static_assert(sizeof(cellar_bucket) == 64, "bucket");

// A block that waits until nobody can look at it any more. Segment/Limbo.swift
typedef struct cellar_limbo {
    uint64_t next;
    uint64_t block;
    uint64_t block_size;
    uint64_t epoch;        // newest attachment that may know the block
    uint64_t cell_id;      // id to give back, or ~0
    uint64_t durable;      // (atomic) 1 = its deletion is on disk, or never was on disk
} cellar_limbo;
static_assert(sizeof(cellar_limbo) == 48, "limbo");

// Offsets as constants, for Swift, and what tells builds apart whose structures differ: each field once.
#define CELLAR_FIELDS(X) \
    X(cellar_header, layout_fingerprint, CELLAR_HEADER_FINGERPRINT) \
    X(cellar_header, store_uuid, CELLAR_HEADER_UUID) \
    X(cellar_header, boot_id, CELLAR_HEADER_BOOT) \
    X(cellar_header, size, CELLAR_HEADER_SIZE) \
    X(cellar_header, flags, CELLAR_HEADER_FLAGS) \
    X(cellar_header, next_attachment, CELLAR_HEADER_NEXT_ATTACHMENT) \
    X(cellar_header, next_uid, CELLAR_HEADER_NEXT_UID) \
    X(cellar_header, cursor, CELLAR_HEADER_CURSOR) \
    X(cellar_header, directory, CELLAR_HEADER_DIRECTORY) \
    X(cellar_header, schemas, CELLAR_HEADER_SCHEMAS) \
    X(cellar_header, limbo, CELLAR_HEADER_LIMBO) \
    X(cellar_header, free_ids, CELLAR_HEADER_FREE_IDS) \
    X(cellar_header, next_id, CELLAR_HEADER_NEXT_ID) \
    X(cellar_header, directory_used, CELLAR_HEADER_DIRECTORY_USED) \
    X(cellar_header, live_cells, CELLAR_HEADER_LIVE_CELLS) \
    X(cellar_header, hash_seed, CELLAR_HEADER_HASH_SEED) \
    X(cellar_header, free_large, CELLAR_HEADER_FREE_LARGE) \
    X(cellar_header, free_bytes, CELLAR_HEADER_FREE_BYTES) \
    X(cellar_header, reclaimed, CELLAR_HEADER_RECLAIMED) \
    X(cellar_header, allocation, CELLAR_HEADER_ALLOCATION) \
    X(cellar_header, allocation_holder, CELLAR_HEADER_ALLOCATION_HOLDER) \
    X(cellar_header, intent, CELLAR_HEADER_INTENT) \
    X(cellar_header, checkpoint, CELLAR_HEADER_CHECKPOINT) \
    X(cellar_header, table_watches, CELLAR_HEADER_TABLE_WATCHES) \
    X(cellar_header, free_small, CELLAR_HEADER_FREE_SMALL) \
    X(cellar_header, place, CELLAR_HEADER_PLACE) \
    X(cellar_place, device, CELLAR_PLACE_DEVICE) \
    X(cellar_place, inode, CELLAR_PLACE_INODE) \
    X(cellar_place, view, CELLAR_PLACE_VIEW) \
    X(cellar_place, path, CELLAR_PLACE_PATH) \
    X(cellar_intent, operation, CELLAR_INTENT_OPERATION) \
    X(cellar_intent, block, CELLAR_INTENT_BLOCK) \
    X(cellar_intent, block_size, CELLAR_INTENT_BLOCK_SIZE) \
    X(cellar_intent, cell, CELLAR_INTENT_CELL) \
    X(cellar_intent, other, CELLAR_INTENT_OTHER) \
    X(cellar_intent, second, CELLAR_INTENT_SECOND) \
    X(cellar_intent, second_size, CELLAR_INTENT_SECOND_SIZE) \
    X(cellar_checkpoint, idle, CELLAR_CHECKPOINT_IDLE) \
    X(cellar_checkpoint, finished, CELLAR_CHECKPOINT_FINISHED) \
    X(cellar_checkpoint, requested, CELLAR_CHECKPOINT_REQUESTED) \
    X(cellar_checkpoint, begun, CELLAR_CHECKPOINT_BEGUN) \
    X(cellar_checkpoint, ended, CELLAR_CHECKPOINT_ENDED) \
    X(cellar_checkpoint, succeeded, CELLAR_CHECKPOINT_SUCCEEDED) \
    X(cellar_checkpoint, failure, CELLAR_CHECKPOINT_FAILURE) \
    X(cellar_checkpoint, holder, CELLAR_CHECKPOINT_HOLDER) \
    X(cellar_checkpoint, last_nanoseconds, CELLAR_CHECKPOINT_LAST_NANOSECONDS) \
    X(cellar_checkpoint, last_bytes, CELLAR_CHECKPOINT_LAST_BYTES) \
    X(cellar_checkpoint, last_chunks, CELLAR_CHECKPOINT_LAST_CHUNKS) \
    X(cellar_checkpoint, verify, CELLAR_CHECKPOINT_VERIFY) \
    X(cellar_checkpoint, verified, CELLAR_CHECKPOINT_VERIFIED) \
    X(cellar_checkpoint, last_ended_ns, CELLAR_CHECKPOINT_LAST_ENDED) \
    X(cellar_segment, processes, CELLAR_SEGMENT_PROCESSES) \
    X(cellar_segment, pages, CELLAR_SEGMENT_PAGES) \
    X(cellar_segment, dirty_pages, CELLAR_SEGMENT_DIRTY_PAGES) \
    X(cellar_process, state, CELLAR_PROCESS_STATE) \
    X(cellar_process, attachment, CELLAR_PROCESS_ATTACHMENT) \
    X(cellar_process, thread, CELLAR_PROCESS_THREAD) \
    X(cellar_process, wake, CELLAR_PROCESS_WAKE) \
    X(cellar_process, liveness, CELLAR_PROCESS_LIVENESS) \
    X(cellar_process, name, CELLAR_PROCESS_NAME) \
    X(cellar_table_page, dirty, CELLAR_TABLE_PAGE_DIRTY) \
    X(cellar_table_page, taken, CELLAR_TABLE_PAGE_TAKEN) \
    X(cellar_cell, state, CELLAR_CELL_STATE) \
    X(cellar_cell, name, CELLAR_CELL_NAME) \
    X(cellar_cell, record, CELLAR_CELL_RECORD) \
    X(cellar_cell, holder, CELLAR_CELL_HOLDER) \
    X(cellar_cell, lock, CELLAR_CELL_LOCK) \
    X(cellar_cell, sequence, CELLAR_CELL_SEQUENCE) \
    X(cellar_cell, mark, CELLAR_CELL_MARK) \
    X(cellar_cell, word, CELLAR_CELL_WORD) \
    X(cellar_array, overlay, CELLAR_ARRAY_OVERLAY) \
    X(cellar_array, overlay_capacity, CELLAR_ARRAY_OVERLAY_CAPACITY) \
    X(cellar_array, overlay_start, CELLAR_ARRAY_OVERLAY_START) \
    X(cellar_array, overlay_length, CELLAR_ARRAY_OVERLAY_LENGTH) \
    X(cellar_array, torn_start, CELLAR_ARRAY_TORN_START) \
    X(cellar_array, torn_length, CELLAR_ARRAY_TORN_LENGTH) \
    X(cellar_dictionary, seed, CELLAR_DICTIONARY_SEED) \
    X(cellar_dictionary, capacity, CELLAR_DICTIONARY_CAPACITY) \
    X(cellar_dictionary, stripes, CELLAR_DICTIONARY_STRIPES) \
    X(cellar_stripe, holder, CELLAR_STRIPE_HOLDER) \
    X(cellar_stripe, directory, CELLAR_STRIPE_DIRECTORY) \
    X(cellar_stripe, count, CELLAR_STRIPE_COUNT) \
    X(cellar_stripe, slabs, CELLAR_STRIPE_SLABS) \
    X(cellar_stripe, cursor, CELLAR_STRIPE_CURSOR) \
    X(cellar_stripe, end, CELLAR_STRIPE_END) \
    X(cellar_stripe, hand, CELLAR_STRIPE_HAND) \
    X(cellar_stripe, operation, CELLAR_STRIPE_OPERATION) \
    X(cellar_stripe, bucket, CELLAR_STRIPE_BUCKET) \
    X(cellar_stripe, place, CELLAR_STRIPE_PLACE) \
    X(cellar_stripe, block, CELLAR_STRIPE_BLOCK) \
    X(cellar_stripe, second, CELLAR_STRIPE_SECOND) \
    X(cellar_stripe, count_after, CELLAR_STRIPE_COUNT_AFTER) \
    X(cellar_stripe, first_dirty, CELLAR_STRIPE_FIRST_DIRTY) \
    X(cellar_stripe, first_entry, CELLAR_STRIPE_FIRST_ENTRY) \
    X(cellar_stripe, free_buckets, CELLAR_STRIPE_FREE_BUCKETS) \
    X(cellar_stripe, free_blocks, CELLAR_STRIPE_FREE_BLOCKS) \
    X(cellar_slab, next, CELLAR_SLAB_NEXT) \
    X(cellar_slab, size, CELLAR_SLAB_SIZE) \
    X(cellar_bucket, state, CELLAR_BUCKET_STATE) \
    X(cellar_bucket, tags, CELLAR_BUCKET_TAGS) \
    X(cellar_bucket, next, CELLAR_BUCKET_NEXT) \
    X(cellar_bucket, used, CELLAR_BUCKET_USED) \
    X(cellar_bucket, capacity, CELLAR_BUCKET_CAPACITY) \
    X(cellar_array, watch, CELLAR_ARRAY_WATCH) \
    X(cellar_array, extra, CELLAR_ARRAY_EXTRA) \
    X(cellar_array, extra_size, CELLAR_ARRAY_EXTRA_SIZE) \
    X(cellar_structure, whole, CELLAR_STRUCTURE_WHOLE) \
    X(cellar_log_content, next, CELLAR_LOG_NEXT) \
    X(cellar_log_content, group_count, CELLAR_LOG_GROUP_COUNT) \
    X(cellar_queue_index, levels, CELLAR_QUEUE_INDEX_LEVELS) \
    X(cellar_queue_index, first_free, CELLAR_QUEUE_INDEX_FIRST_FREE) \
    X(cellar_structure, deaths, CELLAR_STRUCTURE_DEATHS) \
    X(cellar_sync, word, CELLAR_SYNC_WORD) \
    X(cellar_sync, ticket, CELLAR_SYNC_TICKET) \
    X(cellar_sync, deaths, CELLAR_SYNC_DEATHS) \
    X(cellar_sync, used, CELLAR_SYNC_USED) \
    X(cellar_party, state, CELLAR_PARTY_STATE) \
    X(cellar_party, ticket, CELLAR_PARTY_TICKET) \
    X(cellar_party, attachment, CELLAR_PARTY_ATTACHMENT) \
    X(cellar_party, token, CELLAR_PARTY_TOKEN) \
    X(cellar_party, round, CELLAR_PARTY_ROUND) \
    X(cellar_party, slot, CELLAR_PARTY_SLOT) \
    X(cellar_party, bell, CELLAR_PARTY_BELL) \
    X(cellar_party, since, CELLAR_PARTY_SINCE) \
    X(cellar_limbo, durable, CELLAR_LIMBO_DURABLE) \
    X(cellar_header, transactions, CELLAR_HEADER_TRANSACTIONS) \
    X(cellar_transactions, holder, CELLAR_TRANSACTIONS_HOLDER) \
    X(cellar_transactions, sequence, CELLAR_TRANSACTIONS_SEQUENCE) \
    X(cellar_transactions, state, CELLAR_TRANSACTIONS_STATE) \
    X(cellar_transactions, number, CELLAR_TRANSACTIONS_NUMBER) \
    X(cellar_transactions, identity, CELLAR_TRANSACTIONS_IDENTITY) \
    X(cellar_transactions, record, CELLAR_TRANSACTIONS_RECORD) \
    X(cellar_transactions, record_capacity, CELLAR_TRANSACTIONS_RECORD_CAPACITY) \
    X(cellar_transactions, record_length, CELLAR_TRANSACTIONS_RECORD_LENGTH) \
    X(cellar_transactions, touched, CELLAR_TRANSACTIONS_TOUCHED) \
    X(cellar_transactions, touched_capacity, CELLAR_TRANSACTIONS_TOUCHED_CAPACITY) \
    X(cellar_transactions, touched_counts, CELLAR_TRANSACTIONS_TOUCHED_COUNTS) \
    X(cellar_transactions, drained, CELLAR_TRANSACTIONS_DRAINED) \
    X(cellar_redo, applied, CELLAR_REDO_APPLIED) \
    X(cellar_pipe, generation, CELLAR_PIPE_GENERATION) \
    X(cellar_pipe, holders, CELLAR_PIPE_HOLDERS) \
    X(cellar_pipe_side, position, CELLAR_PIPE_SIDE_POSITION) \
    X(cellar_pipe_side, bell, CELLAR_PIPE_SIDE_BELL) \
    X(cellar_pipe_side, waiting, CELLAR_PIPE_SIDE_WAITING) \
    X(cellar_list, count, CELLAR_LIST_COUNT) \
    X(cellar_block, generation, CELLAR_BLOCK_GENERATION) \
    X(cellar_block, bell, CELLAR_BLOCK_BELL) \
    X(cellar_block, waiting, CELLAR_BLOCK_WAITING)

#define CELLAR_OFFSET(type, field, name) name = offsetof(type, field),
enum { CELLAR_FIELDS(CELLAR_OFFSET) };
#undef CELLAR_OFFSET

// FNV-1a over every offset above and every structure's size.
static inline uint64_t cellar_layout_fingerprint(uint64_t chunk_shift) {
    uint64_t print = 0xCBF29CE484222325u;
#define CELLAR_MIX(number) print = (print ^ (uint64_t)(number)) * 0x00000100000001B3u;
#define CELLAR_MIX_FIELD(type, field, name) CELLAR_MIX(offsetof(type, field))
    CELLAR_FIELDS(CELLAR_MIX_FIELD)
    CELLAR_MIX(sizeof(cellar_header))
    CELLAR_MIX(sizeof(cellar_process))
    CELLAR_MIX(sizeof(cellar_table_page))
    CELLAR_MIX(sizeof(cellar_segment))
    CELLAR_MIX(sizeof(cellar_directory))
    CELLAR_MIX(sizeof(cellar_schema))
    CELLAR_MIX(sizeof(cellar_cell))
    CELLAR_MIX(sizeof(cellar_array))
    CELLAR_MIX(sizeof(cellar_structure))
    CELLAR_MIX(sizeof(cellar_log_content))
    CELLAR_MIX(sizeof(cellar_log_group))
    CELLAR_MIX(sizeof(cellar_log_entry))
    CELLAR_MIX(sizeof(cellar_queue_content))
    CELLAR_MIX(sizeof(cellar_queue_item))
    CELLAR_MIX(sizeof(cellar_queue_index))
    CELLAR_MIX(sizeof(cellar_pipe))
    CELLAR_MIX(sizeof(cellar_pipe_side))
    CELLAR_MIX(sizeof(cellar_list))
    CELLAR_MIX(sizeof(cellar_block))

    CELLAR_MIX(sizeof(cellar_sync))
    CELLAR_MIX(sizeof(cellar_party))
    CELLAR_MIX(sizeof(cellar_limbo))
    CELLAR_MIX(sizeof(cellar_transactions))
    CELLAR_MIX(sizeof(cellar_redo))
    CELLAR_MIX(sizeof(cellar_dictionary))
    CELLAR_MIX(sizeof(cellar_stripe))
    CELLAR_MIX(sizeof(cellar_slab))
    CELLAR_MIX(sizeof(cellar_bucket))
    CELLAR_MIX(sizeof(pthread_mutex_t))
    CELLAR_MIX(chunk_shift)
#undef CELLAR_MIX_FIELD
#undef CELLAR_MIX
    return print;
}
