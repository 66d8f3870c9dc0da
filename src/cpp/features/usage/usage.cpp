#include "features/usage/usage.hpp"

#include "base/json.hpp"
#include "features/usage/event.hpp"

#include <utility>

namespace features::usage {

namespace {

std::string refusal(std::string_view why) {
    std::string json = R"([{"ok":false,"error":)";
    base::json::append_quoted(json, why);
    return json + "}]";
}

std::string accepted(bool duplicate) {
    return duplicate ? R"([{"ok":true,"duplicate":true}])" : R"([{"ok":true,"duplicate":false}])";
}

} // namespace

bool usage::on_event(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args,
    base::time_point now) {
    if (name != options_.event || from.nsp() != options_.nsp)
        return false;
    const auto json = answer(from, args.json, now);
    if (id)
        rooms_.send_ack(from.sid(), from.nsp(), *id, {.json = json, .attachments = {}});
    sweep(now); // what has changed is told now if it may be
    return true;
}

std::string usage::answer(const sio::peer& from, std::string_view json, base::time_point now) {
    const auto refused = [this](std::string_view why) {
        meter_->count_refused();
        return refusal(why);
    };
    const auto told = read_event(json);
    if (!told.refusal.empty())
        return refused(told.refusal);
    if (!options_.models.empty() && !options_.models.contains(told.model))
        return refused("this model is not known");
    if (told.tokens && !options_.tokens)
        return refused("tokens are recorded by the server");
    if (!told.tokens)
        return meter_->touch(told.model, now)
                   ? accepted(false)
                   : refused("too many models are in use, or this cannot be the name of one");
    const std::string user(from.user());
    // A client's ids are its own: it cannot take those of another user, or of the server.
    std::string id;
    if (!told.id.empty())
        id = (user.empty() ? "sid " + from.sid().str() : "user " + user) + ' ' + told.id;
    const auto result = meter_->count(
        {.model = told.model,
         .user = user,
         .id = id,
         .in = told.tokens->in,
         .out = told.tokens->out,
         .total = told.tokens->total},
        unix_time_());
    if (result != outcome::counted && result != outcome::duplicate)
        return refusal(reason(result));
    (void)meter_->touch(told.model, now); // if it cannot be shown as in use, it counts still
    return accepted(result == outcome::duplicate);
}

std::optional<base::time_point> usage::next_deadline() const {
    return meter_->in_use_deadline();
}

void usage::sweep(base::time_point now) {
    const auto due = meter_->in_use_deadline();
    if (!due || now < *due)
        return;
    const auto models = meter_->in_use_changed(now);
    if (!models || !options_.broadcast)
        return;
    std::string json = "[";
    base::json::append_quoted(json, *options_.broadcast);
    json += R"(,{"models":[)";
    for (const auto& each : *models) {
        if (json.back() != '[')
            json += ',';
        base::json::append_quoted(json, each);
    }
    json += "]}]";
    sio::selection whom;
    if (options_.room)
        whom.rooms = {*options_.room};
    rooms_.emit(options_.nsp, whom, {.json = json, .attachments = {}});
}

} // namespace features::usage
