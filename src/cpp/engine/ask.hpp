// Questions to shards, from any thread but theirs: whoever asks waits for the answer.
#pragma once

#include "engine/shards.hpp"

#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace engine {

template <class Question>
using answer_to = std::invoke_result_t<Question, shard_context&>;

// `question` must be there until the answer is.
template <class Question>
std::future<answer_to<Question>> put(shard& to, Question& question) {
    std::promise<answer_to<Question>> promise;
    auto future = promise.get_future();
    to.post(
        [&question, promise = std::move(promise)](shard_context& in) mutable {
            try {
                promise.set_value(question(in));
            } catch (...) {
                promise.set_exception(std::current_exception());
            }
        },
        urgency::now);
    return future;
}

// A question that is never run, because there is no shard or it stops, has the empty answer.
template <class Answer>
Answer received(std::future<Answer>& from) {
    try {
        return from.get();
    } catch (const std::future_error&) {
        return Answer{};
    }
}

template <class Question>
answer_to<Question> ask(const std::shared_ptr<shards>& of, unsigned shard, Question question) {
    if (!of)
        return answer_to<Question>{};
    auto answer = put((*of)[shard], question);
    return received(answer);
}

// The answers of each in a row.
template <class Question>
std::vector<answer_to<Question>> ask_all(const std::shared_ptr<shards>& of, Question question) {
    std::vector<answer_to<Question>> answers;
    if (!of)
        return answers;
    std::vector<std::future<answer_to<Question>>> futures;
    answers.reserve(of->count());
    futures.reserve(of->count());
    for (unsigned each = 0; each < of->count(); ++each)
        futures.push_back(put((*of)[each], question));
    for (const auto& each : futures)
        each.wait(); // before one of them throws: all use the question
    for (auto& each : futures)
        answers.push_back(received(each));
    return answers;
}

} // namespace engine
