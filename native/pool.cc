#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace flambeau {
namespace {

constexpr int kIndexBits = 24;  // of a ticket: the next index; as many for n, the rest for the epoch
constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;
constexpr int64_t kMaxIndices = int64_t{1} << (kIndexBits - 1);  // claims beyond n do not run into the bits of n
constexpr int kMostThreads = 1024;
constexpr auto kSpinTime = std::chrono::microseconds(1000);

thread_local bool inside_loop = false;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

struct Loop {
  Body body = nullptr;
  void* context = nullptr;
};

class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {}

  int threads() const { return threads_.load(std::memory_order_relaxed); }
  void set_threads(int count) {
    std::lock_guard<std::mutex> lock(sleep_);
    threads_.store(count, std::memory_order_relaxed);
    wanted_.notify_all();
  }

  void run(int64_t n, Body body, void* context) {
    const bool alone = n <= 1 || threads() <= 1 || inside_loop || n >= kMaxIndices;
    if (alone || !busy_.try_lock()) {
      for (int64_t i = 0; i < n; ++i) body(context, i);
      return;
    }
    std::lock_guard<std::mutex> held(busy_, std::adopt_lock);
    start_helpers();
    inside_loop = true;
    if (asleep_.load(std::memory_order_relaxed) > 0) keep_own_core();
    loop_ = {body, context};
    done_.store(0, std::memory_order_relaxed);
    const uint64_t epoch = epoch_of(ticket_.load(std::memory_order_relaxed)) + 1;
    ticket_.store((epoch << (2 * kIndexBits)) | (uint64_t(n) << kIndexBits), std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_seq_cst) > 0) {
      std::lock_guard<std::mutex> lock(sleep_);
      wake_.notify_all();
    }
    work();
    for (int spins = 0; done_.load(std::memory_order_acquire) < n; ++spins) {
      relax();
      if (spins > 4000) sched_yield();  // a helper that holds an index may have lost its core
    }
    inside_loop = false;
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  static uint64_t epoch_of(uint64_t ticket) { return ticket >> (2 * kIndexBits); }
  static bool has_work(uint64_t ticket) { return (ticket & kIndexMask) < ((ticket >> kIndexBits) & kIndexMask); }

  // Take indices until there are none; whether at least one was there.
  bool work() {
    bool any = false;
    for (;;) {
      if (!has_work(ticket_.load(std::memory_order_acquire))) return any;
      const uint64_t ticket = ticket_.fetch_add(1, std::memory_order_acq_rel);
      if (!has_work(ticket)) return any;
      try {
        loop_.body(loop_.context, int64_t(ticket & kIndexMask));
      } catch (...) {
        std::lock_guard<std::mutex> lock(sleep_);
        if (!failure_) failure_ = std::current_exception();
      }
      done_.fetch_add(1, std::memory_order_release);
      any = true;
    }
  }

  void start_helpers() {
    const int wanted = threads() - 1;
    if (int(helpers_.size()) >= wanted) return;
    // Signals are Python's, whose main thread may sleep and must be the one that they wake. (Not those of a fault.)
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    try {
      while (int(helpers_.size()) < wanted) {
        std::thread helper(&Pool::help, this, int(helpers_.size()));
        helpers_.push_back(helper.native_handle());
        helper.detach();
      }
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do the work.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    avoided_ = -1;
    keep_own_core();
  }

  // Linux likes to wake a thread on the core of the one who wakes it and needs some 10 ms to notice that both work:
  // helpers may run on any core of the caller's but the one that it is on.
  void keep_own_core() {
    const int core = sched_getcpu();
    cpu_set_t cores;
    if (core < 0 || core == avoided_ || sched_getaffinity(0, sizeof cores, &cores) != 0) return;
    CPU_CLR(core, &cores);
    if (CPU_COUNT(&cores) == 0) return;
    for (pthread_t helper : helpers_) pthread_setaffinity_np(helper, sizeof cores, &cores);
    avoided_ = core;
  }

  bool is_wanted(int number) const { return number < threads() - 1; }

  void help(int number) {
    inside_loop = true;
    auto last = std::chrono::steady_clock::now();
    for (uint64_t spins = 1;; ++spins) {
      if (is_wanted(number) && work()) {
        last = std::chrono::steady_clock::now();
      } else if (spins % 64 == 0 && std::chrono::steady_clock::now() - last > kSpinTime) {
        sleep(number);
        last = std::chrono::steady_clock::now();
      } else {
        relax();
      }
    }
  }

  void sleep(int number) {
    std::unique_lock<std::mutex> lock(sleep_);
    wanted_.wait(lock, [&] { return is_wanted(number); });
    // Who publishes a loop looks for sleepers after that, and a sleeper looks for work after it has been counted: one
    // of the two sees the other.
    asleep_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [&] { return has_work(ticket_.load(std::memory_order_seq_cst)); });
    asleep_.fetch_sub(1, std::memory_order_seq_cst);
  }

  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<int64_t> done_{0};
  alignas(64) std::atomic<int> asleep_{0};
  std::atomic<int> threads_;
  Loop loop_;
  std::exception_ptr failure_;  // the first of the present loop
  std::mutex busy_, sleep_;
  std::condition_variable wake_, wanted_;
  std::vector<pthread_t> helpers_;
  int avoided_ = -1;  // core of the caller who last woke helpers
};

int default_threads() {
  if (const char* text = std::getenv("FLAMBEAU_NUM_THREADS")) return std::clamp(std::atoi(text), 1, kMostThreads);
  if (const char* text = std::getenv("OMP_NUM_THREADS")) return std::clamp(std::atoi(text), 1, kMostThreads);
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max(1u, std::thread::hardware_concurrency());
}

// Never destroyed: helpers are running when the process ends. After fork() the child has no helpers, so it gets a new
// pool; the old one is left as it is. (The module asks for the pool when it is imported: no fork comes in between.)
std::atomic<Pool*> pool{nullptr};

void renew_pool() {
  pool.store(new Pool(pool.load()->threads()));
  inside_loop = false;
}

Pool& the_pool() {
  static const bool made = [] {
    pool.store(new Pool(default_threads()));
    return pthread_atfork(nullptr, nullptr, renew_pool) == 0;
  }();
  (void)made;
  return *pool.load(std::memory_order_acquire);
}

}  // namespace

void parallel_run(int64_t n, Body body, void* context) { the_pool().run(n, body, context); }
int get_num_threads() { return the_pool().threads(); }
void set_num_threads(int count) { the_pool().set_threads(std::clamp(count, 1, kMostThreads)); }

}  // namespace flambeau
