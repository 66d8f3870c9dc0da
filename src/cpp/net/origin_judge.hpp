// Who decides about origins where the application has a rule of its own.
#pragma once

#include "eio/http.hpp"

#include <functional>
#include <memory>

namespace net {

class origin_judge {
public:
    virtual ~origin_judge() = default;
    // `answered` is called once, on this shard's thread and not from within; never when the shard
    // ends before. The request is not changed until then.
    virtual void
    judge(std::shared_ptr<const eio::http_request> request, std::function<void(bool)> answered) = 0;
};

} // namespace net
