// A call to be made once, later, on another thread. Moved, never copied: what it carries may be
// a promise or megabytes.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace base {

template <class Argument>
class task {
public:
    template <class Call>
        requires(!std::is_same_v<std::remove_cvref_t<Call>, task>)
    task(Call&& call)
        : call_(std::make_unique<holder<std::decay_t<Call>>>(std::forward<Call>(call))) {}

    void operator()(Argument& argument) { call_->run(argument); }

private:
    struct base_holder {
        virtual ~base_holder() = default;
        virtual void run(Argument& argument) = 0;
    };
    template <class Call>
    struct holder final : base_holder {
        explicit holder(Call held) : call(std::move(held)) {}
        void run(Argument& argument) override { call(argument); }
        Call call;
    };
    std::unique_ptr<base_holder> call_;
};

} // namespace base
