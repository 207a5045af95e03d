#include "client.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int server = -1;
static struct {
    char bytes[1 << 20];
    size_t start, end;
} in, out;

void client_open(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) stop("the path of the socket is too long");
    strcpy(address.sun_path, path);
    in.start = in.end = out.end = 0;
    server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0)
        stop("cannot connect to %s: %s", path, strerror(errno));
}

void client_close(void) {
    if (server >= 0) close(server);
    server = -1;
}

// MARK: Sending

void client_send(void) {
    for (size_t sent = 0; sent < out.end;) {
        ssize_t written = send(server, out.bytes + sent, out.end - sent, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) stop("memcached does not take commands: %s", strerror(errno));
        sent += (size_t)written;
    }
    out.end = 0;
}

void client_put(const void *data, size_t bytes) {
    if (bytes > sizeof out.bytes) stop("a command too long");
    if (out.end + bytes > sizeof out.bytes) client_send();
    memcpy(out.bytes + out.end, data, bytes);
    out.end += bytes;
}

void client_put_text(const char *text) { client_put(text, strlen(text)); }

// MARK: Receiving

static void receive_more(void) {
    if (in.start == in.end) in.start = in.end = 0;
    if (in.end == sizeof in.bytes) {
        if (in.start == 0) stop("an answer too long");
        memmove(in.bytes, in.bytes + in.start, in.end - in.start);
        in.end -= in.start, in.start = 0;
    }
    ssize_t got = recv(server, in.bytes + in.end, sizeof in.bytes - in.end, 0);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) stop("memcached does not answer: %s", got == 0 ? "it hung up" : strerror(errno));
    in.end += (size_t)got;
}

const char *client_line(void) {
    for (;;) {
        char *line = in.bytes + in.start, *end = memchr(line, '\n', in.end - in.start);
        if (end == NULL) {
            receive_more();
            continue;
        }
        in.start += (size_t)(end - line) + 1;
        end[end > line && end[-1] == '\r' ? -1 : 0] = 0;
        return line;
    }
}

// "VALUE key flags bytes", the bytes and the end of a line; or "END".
const void *client_value(size_t *bytes) {
    const char *line = client_line();
    if (strcmp(line, "END") == 0) return NULL;
    const char *length = strrchr(line, ' ');
    if (strncmp(line, "VALUE ", 6) != 0 || length == NULL) stop("memcached: %s", line);
    *bytes = strtoul(length + 1, NULL, 10);
    while (in.end - in.start < *bytes + 2) receive_more();
    const void *value = in.bytes + in.start;
    in.start += *bytes + 2;
    return value;
}
