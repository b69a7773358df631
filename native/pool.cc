#include "pool.h"

#include <pthread.h>
#include <sched.h>

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

namespace flambeau {
namespace {

constexpr int kIndexBits = 24;  // of a ticket: the next index; as many for n, the rest for the epoch
constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;
constexpr int64_t kMaxIndices = int64_t{1} << (kIndexBits - 1);  // claims beyond n do not run into the bits of n
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
  void set_threads(int count) { threads_.store(count, std::memory_order_relaxed); }

  void run(int64_t n, Body body, void* context) {
    const bool alone = n <= 1 || threads() <= 1 || inside_loop || n >= kMaxIndices;
    if (alone || !busy_.try_lock()) {
      for (int64_t i = 0; i < n; ++i) body(context, i);
      return;
    }
    std::lock_guard<std::mutex> held(busy_, std::adopt_lock);
    start_helpers();
    inside_loop = true;
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

  // Take indices until there are none; whether at least one was there.
  bool work() {
    bool any = false;
    for (;;) {
      const uint64_t seen = ticket_.load(std::memory_order_acquire);
      if ((seen & kIndexMask) >= ((seen >> kIndexBits) & kIndexMask)) return any;  // nothing to claim
      const uint64_t ticket = ticket_.fetch_add(1, std::memory_order_acq_rel);
      const uint64_t index = ticket & kIndexMask;
      if (index >= ((ticket >> kIndexBits) & kIndexMask)) return any;
      try {
        loop_.body(loop_.context, int64_t(index));
      } catch (...) {
        std::lock_guard<std::mutex> lock(sleep_);
        if (!failure_) failure_ = std::current_exception();
      }
      done_.fetch_add(1, std::memory_order_release);
      any = true;
    }
  }

  void start_helpers() {
    for (const int wanted = threads() - 1; helpers_ < wanted; ++helpers_) {
      try {
        std::thread(&Pool::help, this, helpers_).detach();
      } catch (const std::system_error&) {
        return;  // the system gives no more threads: those that there are do the work
      }
    }
  }

  void help(int number) {
    inside_loop = true;
    auto last = std::chrono::steady_clock::now();
    for (uint64_t spins = 1;; ++spins) {
      if (number < threads() - 1 && work()) {
        last = std::chrono::steady_clock::now();
      } else if (spins % 64 == 0 && std::chrono::steady_clock::now() - last > kSpinTime) {
        sleep();
        last = std::chrono::steady_clock::now();
      } else {
        relax();
      }
    }
  }

  void sleep() {
    std::unique_lock<std::mutex> lock(sleep_);
    const uint64_t epoch = epoch_of(ticket_.load(std::memory_order_seq_cst));
    asleep_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [&] { return epoch_of(ticket_.load(std::memory_order_seq_cst)) != epoch; });
    asleep_.fetch_sub(1, std::memory_order_seq_cst);
  }

  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<int64_t> done_{0};
  alignas(64) std::atomic<int> asleep_{0};
  std::atomic<int> threads_;
  Loop loop_;
  std::exception_ptr failure_;  // the first of the present loop
  std::mutex busy_, sleep_;
  std::condition_variable wake_;
  int helpers_ = 0;
};

int default_threads() {
  if (const char* text = std::getenv("FLAMBEAU_NUM_THREADS")) return std::max(1, std::atoi(text));
  if (const char* text = std::getenv("OMP_NUM_THREADS")) return std::max(1, std::atoi(text));
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max(1u, std::thread::hardware_concurrency());
}

// Never destroyed: helpers are running when the process ends. After fork() the child has no helpers, so it gets a new
// pool; the old one is left as it is.
std::atomic<Pool*> pool{nullptr};

Pool& the_pool() {
  Pool* found = pool.load(std::memory_order_acquire);
  if (found) return *found;
  static std::mutex creation;
  std::lock_guard<std::mutex> lock(creation);
  if (!pool.load()) {
    static std::once_flag registered;
    std::call_once(registered, [] {
      pthread_atfork(nullptr, nullptr, [] {
        Pool* parent = pool.load();
        if (parent) pool.store(new Pool(parent->threads()));
        inside_loop = false;
      });
    });
    pool.store(new Pool(default_threads()), std::memory_order_release);
  }
  return *pool.load();
}

}  // namespace

void parallel_run(int64_t n, Body body, void* context) { the_pool().run(n, body, context); }
int get_num_threads() { return the_pool().threads(); }
void set_num_threads(int count) { the_pool().set_threads(std::max(1, count)); }

}  // namespace flambeau
