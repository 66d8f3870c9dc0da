#include "load/editors.hpp"

#include <stdexcept>
#include <utility>

namespace load {
namespace {

constexpr auto join_limit = std::chrono::seconds(30);

} // namespace

editors::editors(loop& on, const plan& how, std::string_view document)
    : loop_(on),
      document_(document),
      dialect_(dialect_of(how.dialect)),
      crowd_(on, dialect_->place(how.server, document)) {
    crowd_.handlers.packet = [this](websocket_client& from, std::string_view packet) {
        hear(from, dialect_->on_text(packet, next_[from.index()]));
    };
    crowd_.handlers.binary = [this](websocket_client& from, std::string_view bytes) {
        hear(from, dialect_->on_binary(bytes, next_[from.index()]));
    };
}

void editors::connect(std::size_t count) {
    next_.resize(next_.size() + count);
    crowd_.connect(count);
}

void editors::join(std::size_t who, std::string_view document) {
    crowd_[who].send(dialect_->join(document));
}

void editors::join_all() {
    std::size_t joined = 0;
    auto others = std::exchange(has_state, [&](std::size_t, std::string_view) { ++joined; });
    for (std::size_t i = 0; i < size(); ++i) {
        join(i);
    }
    const bool all = loop_.run(clock::now() + join_limit, [&] { return joined == size(); });
    has_state = std::move(others);
    if (!all) {
        throw std::runtime_error(
            "only " + std::to_string(joined) + " of " + std::to_string(size()) +
            " editors had joined after " + std::to_string(join_limit.count()) + " s");
    }
}

void editors::send(std::size_t who, std::string_view update, std::string_view document) {
    crowd_[who].send(dialect_->update(document, update));
}

void editors::hear(websocket_client& from, const dialect::heard& what) {
    switch (what.about) {
    case dialect::subject::nothing:
        break;
    case dialect::subject::update:
        if (has_update) {
            has_update(from.index(), what.bytes);
        }
        break;
    case dialect::subject::state:
        if (has_state) {
            has_state(from.index(), what.bytes);
        }
        break;
    case dialect::subject::question:
        from.send(dialect_->answer(document_));
        break;
    }
}

} // namespace load
