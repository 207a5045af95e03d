// Redis over a Unix socket, with hiredis: command by command, or with `pipeline=N` so many before their answers are read. The
// server was started by somebody else, for the comparison alone: its
// `--database N` must be empty, and is emptied at the end of a work.
#include "harness.h"
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

static redisContext *connection;
static size_t bytes, pipeline, pending;
// Whether what is in the server is ours.
static bool filled;

// MARK: Commands

static redisContext *connect_to(const char *socket) {
    if (option(socket) == NULL) skip("--%s is missing", socket);
    redisContext *connected = redisConnectUnix(option(socket));
    if (connected == NULL || connected->err != 0) stop("cannot connect to %s", option(socket));
    if (option("database") != NULL) {
        redisReply *reply = redisCommand(connected, "SELECT %s", option("database"));
        if (reply == NULL || reply->type == REDIS_REPLY_ERROR) stop("Redis has no database %s", option("database"));
        freeReplyObject(reply);
    }
    return connected;
}

static redisReply *answer(void) {
    void *reply = NULL;
    if (redisGetReply(connection, &reply) != REDIS_OK) stop("Redis does not answer: %s", connection->errstr);
    if (((redisReply *)reply)->type == REDIS_REPLY_ERROR) stop("Redis: %s", ((redisReply *)reply)->str);
    return reply;
}

static void send_command(int count, const char **words, const size_t *lengths) {
    if (redisAppendCommandArgv(connection, count, words, lengths) != REDIS_OK) stop("Redis: %s", connection->errstr);
}

static redisReply *command(const char *text) {
    const char *words[4];
    int count = 0;
    char copy[64], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && count < 4; word = strtok_r(NULL, " ", &rest)) words[count++] = word;
    send_command(count, words, NULL);
    return answer();
}

// What comes back of a pipelined command: a value to take, or that a write was done.
static void take_answer(void) {
    redisReply *reply = answer();
    if (reply->type == REDIS_REPLY_STRING) take_value(reply->str, reply->len);
    if (reply->type == REDIS_REPLY_NIL) entry_missing();
    freeReplyObject(reply);
}

static void flush(void) {
    for (; pending > 0; pending--) take_answer();
}

static void send_pipelined(int count, const char **words, const size_t *lengths) {
    send_command(count, words, lengths);
    if (++pending >= pipeline) flush();
}

// MARK: Entries

static void enter(int participant) {
    (void)participant;
    pending = 0;
    connection = connect_to("socket");
}

static void leave(void) {
    if (connection != NULL) redisFree(connection);
    connection = NULL;
}

static void begin(size_t size) {
    bytes = size;
    pipeline = (size_t)parameter("pipeline", 1);
    enter(0);
    redisReply *reply = command("DBSIZE");
    if (reply->integer != 0) skip("the server holds %lld keys of somebody else", reply->integer);
    freeReplyObject(reply);
    filled = true;
}

static void read_entry(const char *key) { send_pipelined(2, (const char *[]){"GET", key}, (size_t[]){3, KEY_BYTES}); }

static void write_entry(const char *key, uint64_t number) {
    send_pipelined(3, (const char *[]){"SET", key, value_of(number)}, (size_t[]){3, KEY_BYTES, bytes});
}

static void modify_entry(const char *key, uint64_t number) {
    read_entry(key);
    write_entry(key, number);
}

static void fill(uint64_t entries, size_t size) {
    char key[KEY_BYTES + 1];
    begin(size);
    size_t wanted = pipeline;
    pipeline = 1000;
    for (uint64_t number = 0; number < entries; number++) {
        make_key(key, number);
        write_entry(key, number);
    }
    flush();
    pipeline = wanted;
}

static void load(uint64_t entries) {
    fill(entries, value_bytes());
    leave();
}

static void load_words(uint64_t entries) {
    fill(entries, sizeof(uint64_t));
    leave();
}

static void remove_all(uint64_t entries) {
    (void)entries;
    leave();
    if (!filled) return;
    filled = false;
    enter(0);
    freeReplyObject(command("FLUSHDB"));
    leave();
}

static void finish(void) { remove_all(0); }

static const struct store store = {load, enter, read_entry, write_entry, NULL, modify_entry, flush, remove_all};
static const struct store named_words = {load_words, enter, read_entry, write_entry, NULL, modify_entry, flush, remove_all};

static void map_prepare(void (*prepare)(void), const struct store *used) {
    use_store(used);
    prepare();
}

static void lookup_prepare(void) { map_prepare(map_get_prepare, &named_words); }
static void get_prepare(void) { map_prepare(map_get_prepare, &store); }
static void set_prepare(void) { map_prepare(map_set_prepare, &store); }
static void mixed_prepare(void) { map_prepare(map_mixed_prepare, &store); }

static double used_memory(void) {
    redisReply *reply = command("INFO memory");
    const char *place = strstr(reply->str, "used_memory:");
    double used = place == NULL ? 0 : strtod(place + strlen("used_memory:"), NULL);
    freeReplyObject(reply);
    return used;
}

static double used_when_empty;

static void memory_entry_prepare(void) {
    begin(value_bytes());
    used_when_empty = used_memory();
    leave();
    fill((uint64_t)parameter("entries", 1000000), value_bytes());
}

static double memory_entry_run(uint64_t count) {
    (void)count;
    double entries = (double)parameter("entries", 1000000);
    return (used_memory() - used_when_empty) / entries - (double)(KEY_BYTES + bytes);
}

// MARK: A value

static char value_key[KEY_BYTES + 1];

static void word_prepare(void) {
    make_key(value_key, 0);
    begin(sizeof(uint64_t));
    freeReplyObject(command("SET key-000000000000 1"));
}

static void block_prepare(void) {
    make_key(value_key, 0);
    fill(1, value_bytes());
}

static double load_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++) read_entry(value_key);
    flush();
    return (double)(nanoseconds() - start);
}

static double store_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++) write_entry(value_key, done);
    flush();
    return (double)(nanoseconds() - start);
}

static double add_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++)
        send_pipelined(2, (const char *[]){"INCR", value_key}, (size_t[]){4, KEY_BYTES});
    flush();
    return (double)(nanoseconds() - start);
}

// MARK: Durable writes, with a server that syncs its file of appended commands always

static void enter_durable(int participant) {
    (void)participant;
    connection = connect_to("durable-socket");
}

static void durable_part(int participant, uint64_t count) {
    char key[KEY_BYTES + 1];
    make_key(key, (uint64_t)participant);
    for (uint64_t done = 0; done < count; done++) write_entry(key, done);
}

static void durable_prepare(void) {
    int writers = (int)parameter("writers", 1);
    bytes = value_bytes();
    pipeline = 1;
    operations_a_count(writers);
    participants_start(writers, enter_durable, durable_part);
    redisReply *reply = command("CONFIG GET appendfsync");
    if (reply->elements != 2 || strcmp(reply->element[1]->str, "always") != 0) skip("the server's appendfsync is not always");
    freeReplyObject(reply);
}

static double together_run(uint64_t count) { return together(count); }

static void durable_finish(void) {
    leave();
    if (option("durable-socket") == NULL) return;
    char key[KEY_BYTES + 1];
    enter_durable(0);
    for (long writer = 0; writer < parameter("writers", 1); writer++) {
        make_key(key, (uint64_t)writer);
        send_command(2, (const char *[]){"DEL", key}, NULL);
        freeReplyObject(answer());
    }
    leave();
}

// MARK: Queues: a list that is pushed to on the left and, waiting, popped on the right

static char list_names[2][64];

static void make_lists(int queues, size_t item_bytes, size_t capacity) {
    (void)queues, (void)capacity;
    begin(item_bytes);
    leave();
    snprintf(list_names[0], sizeof list_names[0], "%s", own_name("queue-0"));
    snprintf(list_names[1], sizeof list_names[1], "%s", own_name("queue-1"));
}

static void put(int queue, const void *item, size_t item_bytes) {
    const char *list = list_names[queue];
    send_command(3, (const char *[]){"LPUSH", list, item}, (size_t[]){5, strlen(list), item_bytes});
    freeReplyObject(answer());
}

static void copy_item(const redisReply *reply, void *item, size_t item_bytes) {
    if (reply->type != REDIS_REPLY_STRING || reply->len != item_bytes) stop("an item of another size");
    memcpy(item, reply->str, item_bytes);
}

static void get(int queue, void *item, size_t item_bytes) {
    const char *list = list_names[queue];
    send_command(3, (const char *[]){"BRPOP", list, "0"}, (size_t[]){5, strlen(list), 1});
    redisReply *reply = answer();
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) stop("BRPOP answers something else");
    copy_item(reply->element[1], item, item_bytes);
    freeReplyObject(reply);
}

static void put_batch(int queue, const void *items, size_t item_bytes, size_t count) {
    const char *words[258] = {"LPUSH", list_names[queue]};
    size_t lengths[258] = {5, strlen(list_names[queue])};
    if (count > 256) skip("batches of up to 256");
    for (size_t index = 0; index < count; index++)
        words[index + 2] = (const char *)items + index * item_bytes, lengths[index + 2] = item_bytes;
    send_command((int)count + 2, words, lengths);
    freeReplyObject(answer());
}

static size_t get_batch(int queue, void *items, size_t item_bytes, size_t most) {
    char number[24];
    snprintf(number, sizeof number, "%zu", most);
    send_command(7, (const char *[]){"BLMPOP", "0", "1", list_names[queue], "RIGHT", "COUNT", number}, NULL);
    redisReply *reply = answer();
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) stop("BLMPOP answers something else");
    const redisReply *array = reply->element[1];
    size_t count = array->elements;
    for (size_t index = 0; index < count; index++)
        copy_item(array->element[index], (char *)items + index * item_bytes, item_bytes);
    freeReplyObject(reply);
    return count;
}

static const struct queue lists = {make_lists, enter, put, get, put_batch, get_batch, finish};

static const struct work works[] = {
    {"word-load", word_prepare, load_run, finish, false},
    {"word-store", word_prepare, store_run, finish, false},
    {"word-add", word_prepare, add_run, finish, false},
    {"block-load", block_prepare, load_run, finish, false},
    {"block-store", block_prepare, store_run, finish, false},
    {"lookup", lookup_prepare, map_run, map_finish, false},
    {"map-get", get_prepare, map_run, map_finish, false},
    {"map-set", set_prepare, map_run, map_finish, false},
    {"map-mixed", mixed_prepare, map_run, map_finish, false},
    {"memory-entry", memory_entry_prepare, memory_entry_run, finish, true},
    {"durable", durable_prepare, together_run, durable_finish, false},
    {"queue-alone", queue_alone_prepare, queue_alone_run, queue_finish, false},
    {"queue", queue_prepare, queue_run, queue_finish, false},
    {"queue-batch", queue_batch_prepare, queue_run, queue_finish, false},
    {"queue-turns", queue_turns_prepare, queue_turns_run, queue_finish, false},
};

int main(int argc, char **argv) {
    use_store(&store);
    use_queue(&lists);
    return harness_main(argc, argv, works, sizeof works / sizeof *works);
}
