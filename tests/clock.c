/* Shifts the wall clock of every process that preloads it by CLOCK_SHIFT seconds.
 *
 * Built and preloaded by tests/at.py. The monotonic clock stays the machine's own, and no sleep or
 * poll is wrapped: only reads of the wall clock, and waits until a time on it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static time_t shift(void) {
  static time_t seconds;
  static int known;
  if (!known) {
    const char *given = getenv("CLOCK_SHIFT");
    seconds = given ? atoll(given) : 0;
    known = 1;
  }
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  static __typeof__(&clock_gettime) next;
  if (!next) next = NEXT(clock_gettime);
  int failed = next(clock, at);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += shift();
  return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec precise;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &precise);
  at->tv_sec = precise.tv_sec;
  at->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

int timespec_get(struct timespec *at, int base) {
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, at);
  return base;
}

time_t time(time_t *at) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (at) *at = precise.tv_sec;
  return precise.tv_sec;
}

/* A deadline as the kernel knows it. One on the monotonic clock, which counts from the machine's
 * start, is far below the wall clock's: it stays as it is. */
static struct timespec unshifted(const struct timespec *until) {
  struct timespec own = *until;
  if (own.tv_sec > 1000000000) own.tv_sec -= shift();
  return own;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  static __typeof__(&pthread_cond_timedwait) next;
  struct timespec own = unshifted(until);
  if (!next) {
    void *found = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    next = found ? (__typeof__(next))found : NEXT(pthread_cond_timedwait);
  }
  return next(condition, mutex, &own);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
  static __typeof__(&sem_timedwait) next;
  struct timespec own = unshifted(until);
  if (!next) next = NEXT(sem_timedwait);
  return next(semaphore, &own);
}
