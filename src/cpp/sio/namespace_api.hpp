// What a module may do that has namespaces of its own: who joins them, and what is asked there. It
// belongs to its shard's thread; what concerns other shards is posted to them, in order.
#pragma once

#include "sio/room_api.hpp"

#include <cstdint>
#include <string_view>

namespace sio {

class namespace_api : public room_api {
public:
    // An emit that one client has to answer: module::on_answer() follows, unless it leaves.
    virtual void
    ask(std::string_view sid,
        std::string_view nsp,
        const arguments& args,
        std::uint64_t question) = 0;
    // One of the two for each module::on_knock(). `reason`: the JSON that CONNECT_ERROR carries.
    virtual void accept(std::string_view sid, std::string_view nsp) = 0;
    virtual void refuse(std::string_view sid, std::string_view nsp, std::string_view reason) = 0;
};

} // namespace sio
