#define _GNU_SOURCE
#include "private.h"
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

uint64_t kept_sum;

enum outcome { BEGUN, SKIPPED, FAILED, ENDED };

#define MOST_PARAMETERS 16

static struct {
    int argc;
    char **argv;
    const struct work *works;
    size_t work_count;
    // The work that is prepared, if one is, its parameters, and how often it is repeated (0: not known yet).
    const struct work *current;
    char *parameters[MOST_PARAMETERS];
    size_t parameter_count;
    double operations;
    uint64_t count;
    size_t value_bytes;
    bool failed;
    long pid;
} state;

// Whatever ends a command early (a skip, an error, a deadline, a lost participant, SIGTERM) jumps here.
static sigjmp_buf command_start;
static char message[256];

// MARK: What works ask for

const char *option(const char *name) {
    for (int index = 1; index + 1 < state.argc; index++)
        if (strncmp(state.argv[index], "--", 2) == 0 && strcmp(state.argv[index] + 2, name) == 0) return state.argv[index + 1];
    return NULL;
}

unsigned deadline(void) {
    const char *seconds = option("deadline");
    return seconds == NULL ? 300 : (unsigned)atoi(seconds);
}

const char *parameter_text(const char *name, const char *otherwise) {
    size_t length = strlen(name);
    for (size_t index = 0; index < state.parameter_count; index++) {
        const char *text = state.parameters[index];
        if (strncmp(text, name, length) == 0 && text[length] == '=') return text + length + 1;
    }
    return otherwise;
}

long parameter(const char *name, long otherwise) {
    const char *text = parameter_text(name, NULL);
    if (text == NULL) return otherwise;
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == 0 || *end != 0) stop("%s=%s is not a number", name, text);
    return value;
}

size_t value_bytes(void) {
    if (state.value_bytes != 0) return state.value_bytes;
    long bytes = parameter("bytes", 64);
    if (bytes < 8 || bytes > MOST_VALUE_BYTES) skip("values have 8 to %d bytes", MOST_VALUE_BYTES);
    return state.value_bytes = (size_t)bytes;
}

void operations_a_count(double operations) { state.operations = operations; }

static void end_command(enum outcome outcome, const char *format, va_list arguments) {
    vsnprintf(message, sizeof message, format, arguments);
    participant_fails(message);
    siglongjmp(command_start, outcome);
}

void skip(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    end_command(SKIPPED, format, arguments);
    abort();
}

void stop(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    end_command(FAILED, format, arguments);
    abort();
}

static const char *next_text(const char *before, const char *what) {
    static char texts[8][512];
    static int next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "%scellar-compare-%ld-%s", before, state.pid, what);
    return text;
}

const char *own_name(const char *what) { return next_text("", what); }

const char *own_path(const char *what) {
    char directory[300];
    if (option("directory") == NULL) stop("--directory is missing");
    snprintf(directory, sizeof directory, "%s/", option("directory"));
    return next_text(directory, what);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

double median(int64_t *samples, size_t count) {
    qsort(samples, count, sizeof *samples, ascending);
    return (double)samples[count / 2];
}

// MARK: Commands

static void prepare(char *line) {
    char *rest = NULL;
    const char *name = strtok_r(line, " ", &rest);
    if (state.current != NULL) stop("%s is still prepared", state.current->name);
    if (name == NULL) stop("prepare needs the name of a work");
    state.parameter_count = 0;
    for (char *text; (text = strtok_r(NULL, " ", &rest)) != NULL;) {
        if (state.parameter_count == MOST_PARAMETERS) stop("too many parameters");
        state.parameters[state.parameter_count++] = text;
    }
    const struct work *found = NULL;
    for (size_t index = 0; index < state.work_count; index++)
        if (strcmp(state.works[index].name, name) == 0) found = &state.works[index];
    if (found == NULL) skip("does not do %s", name);
    state.current = found;
    state.count = 0;
    state.value_bytes = 0;
    state.failed = false;
    state.operations = 1;
    pin_participant(0);
    found->prepare();
    puts("ok");
}

static void run(void) {
    if (state.current == NULL) stop("nothing is prepared");
    if (state.failed) stop("it failed before");
    if (state.current->own_figure) {
        printf("ok %.6g\n", state.current->run(0));
        return;
    }
    double shortest = (double)parameter("ms", 100) * 1e6;
    for (uint64_t count = 1; state.count == 0; count *= 2)
        if (state.current->run(count) >= shortest) state.count = count;
    double elapsed = state.current->run(state.count);
    printf("ok %.6g\n", elapsed / ((double)state.count * state.operations));
}

static void finish(void) {
    const struct work *finished = state.current;
    if (finished == NULL) return;
    participants_end();
    state.current = NULL;
    finished->finish();
    unpin();
}

static void perform(char *line) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "prepare ", 8) == 0) return prepare(line + 8);
    if (strcmp(line, "run") == 0) return run();
    if (strcmp(line, "finish") != 0) stop("unknown command");
    finish();
    puts("ok");
}

// After a command that ended early: what was half made by `prepare` goes at once, a work that failed in `run` waits for `finish`.
static void end_early(enum outcome outcome, bool preparing) {
    participants_end();
    state.failed = true;
    if (preparing) {
        char reason[sizeof message];
        memcpy(reason, message, sizeof reason);
        if (sigsetjmp(command_start, 1) == BEGUN) finish();
        memcpy(message, reason, sizeof reason);
    }
    printf("%s %s\n", outcome == SKIPPED ? "skip" : "error", message);
}

static void interrupted(int signal) {
    enum outcome outcome = FAILED;
    if (signal == SIGCHLD) {
        const char *reason = participant_lost();
        if (reason == NULL) return;
        snprintf(message, sizeof message, "%s", reason);
    } else if (signal == SIGALRM) {
        snprintf(message, sizeof message, "no end within %u s", deadline());
    } else {
        outcome = ENDED;
    }
    siglongjmp(command_start, outcome);
}

static void end(int status) {
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (const int *signal = (const int[]){SIGTERM, SIGINT, SIGCHLD, SIGALRM, 0}; *signal != 0; signal++)
        sigaction(*signal, &plain, NULL);
    alarm(30);
    if (sigsetjmp(command_start, 1) == BEGUN) finish();
    _exit(status);
}

int harness_main(int argc, char **argv, const struct work *works, size_t count) {
    static char *line;
    static size_t capacity;
    static volatile bool preparing;
    state.argc = argc, state.argv = argv, state.works = works, state.work_count = count, state.pid = getpid();
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct sigaction action = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
    for (const int *signal = (const int[]){SIGTERM, SIGINT, SIGCHLD, SIGALRM, 0}; *signal != 0; signal++)
        sigaction(*signal, &action, NULL);
    for (;;) {
        int outcome = sigsetjmp(command_start, 1);
        if (outcome == ENDED) end(128 + SIGTERM);
        if (outcome != BEGUN) {
            alarm(0);
            end_early(outcome, preparing);
            continue;
        }
        preparing = false;
        if (getline(&line, &capacity, stdin) < 0) end(0);
        preparing = strncmp(line, "prepare ", 8) == 0 && state.current == NULL;
        alarm(deadline());
        perform(line);
        alarm(0);
    }
}
