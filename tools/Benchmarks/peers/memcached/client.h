// A client of memcached's text protocol over a Unix socket. libmemcached 1.1.4 ends the process by an assertion when requests are
// buffered over such a socket, so that it could not be measured pipelined.
#ifndef CELLAR_COMPARE_MEMCACHED_CLIENT_H
#define CELLAR_COMPARE_MEMCACHED_CLIENT_H

#include "../harness.h"

void client_open(const char *path);
void client_close(void);

// Commands are held until `client_send`; each then has its answer.
void client_put(const void *data, size_t bytes);
void client_put_text(const char *text);
void client_send(void);

// The next line of what was answered, without its end; valid until the next call of the client.
const char *client_line(void);
// The next value of a `get`, or NULL at its end.
const void *client_value(size_t *bytes);

#endif
