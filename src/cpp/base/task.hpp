// A call to be made once, later, on another thread. Moved, never copied: what it carries may be
// a promise or megabytes.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace base {

template <class Argument>
class task {
public:
    template <class Call>
        requires(!std::is_same_v<std::remove_cvref_t<Call>, task>)
    task(Call&& call, std::size_t holds = 0) : weight_(sizeof(task) + holds) {
        using held = std::decay_t<Call>;
        if constexpr (fits<held>) {
            new (storage_) held(std::forward<Call>(call));
            does_ = &in_place<held>;
        } else {
            new (storage_) std::unique_ptr<held>(new held(std::forward<Call>(call)));
            does_ = &elsewhere<held>;
        }
    }
    task(task&& other) noexcept
        : does_(std::exchange(other.does_, nullptr)), weight_(other.weight_) {
        if (does_)
            does_(act::move, other.storage_, storage_, nullptr);
    }
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            this->~task();
            new (this) task(std::move(other));
        }
        return *this;
    }
    ~task() {
        if (does_)
            does_(act::destroy, storage_, nullptr, nullptr);
    }

    void operator()(Argument& argument) { does_(act::run, storage_, nullptr, &argument); }

    // Bytes: its own, and what its maker says that it holds elsewhere.
    [[nodiscard]] std::size_t weight() const noexcept { return weight_; }

private:
    // Room for what is posted most, an event for rooms, so that posting it allocates nothing more.
    static constexpr std::size_t room = 160;

    enum class act { run, move, destroy };
    using behaviour = void (*)(act what, std::byte* from, std::byte* to, Argument* argument);

    template <class Held>
    static constexpr bool fits =
        sizeof(Held) <= room && alignof(Held) <= alignof(std::max_align_t) &&
        std::is_nothrow_move_constructible_v<Held>;

    template <class Held>
    static void in_place(act what, std::byte* from, std::byte* to, Argument* argument) {
        auto& held = *std::launder(reinterpret_cast<Held*>(from));
        if (what == act::run)
            return static_cast<void>(held(*argument));
        if (what == act::move)
            new (to) Held(std::move(held));
        held.~Held();
    }
    template <class Held>
    static void elsewhere(act what, std::byte* from, std::byte* to, Argument* argument) {
        using pointer = std::unique_ptr<Held>;
        auto& held = *std::launder(reinterpret_cast<pointer*>(from));
        if (what == act::run)
            return static_cast<void>((*held)(*argument));
        if (what == act::move)
            new (to) pointer(std::move(held));
        held.~pointer();
    }

    behaviour does_ = nullptr;
    std::size_t weight_;
    alignas(std::max_align_t) std::byte storage_[room];
};

} // namespace base
