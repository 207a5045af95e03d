// Boost.Interprocess's message queue, to measure against. NaN where Boost is not installed.
#pragma once
#ifdef __cplusplus
extern "C" {
#endif
/// Nanoseconds for putting one item of 64 bytes into a queue and getting it out again, `count` times, in one process.
double boost_queue_pairs(long count);
#ifdef __cplusplus
}
#endif
