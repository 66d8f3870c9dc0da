#include "features/flow/text_stream.hpp"

#include "base/json.hpp"
#include "base/json_find.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace features::flow {

text_streams::stream* text_streams::find(const std::string& id) {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : found->second.get();
}

void text_streams::open(stream_options&& options, base::time_point) {
    if (streams_.size() >= max_streams)
        if (const auto* oldest = ended_.take_due(base::time_point::max()))
            streams_.erase(streams_.find(oldest->with.id));
    auto id = options.id;
    streams_.insert_or_assign(
        std::move(id), std::make_unique<stream>(stream{.with = std::move(options)}));
}

void text_streams::append(const std::string& id, std::string_view utf8, base::time_point now) {
    auto* to = find(id);
    if (!to || to->done || to->cancelled || utf8.empty())
        return;
    to->waiting += utf8;
    if (to->windowed)
        return;
    // The first piece after a silence goes at once.
    flush(*to);
    to->windowed = true;
    windows_.set(*to, now + to->with.window);
}

void text_streams::end(const std::string& id, std::string_view error, base::time_point now) {
    auto* ended = find(id);
    if (!ended || ended->done)
        return;
    ended->done = true;
    ended->error = error;
    flush(*ended);
    windows_.clear(*ended);
    ended_.set(*ended, now + ended->with.linger);
}

std::string
text_streams::event_of(const stream& of, std::uint64_t after, std::string_view text, bool last) {
    std::string json = "[" + of.with.event + ",{\"stream\":";
    base::json::append_quoted(json, of.with.id);
    json +=
        ",\"after\":" + std::to_string(after) + ",\"seq\":" + std::to_string(of.seq) + ",\"text\":";
    base::json::append_quoted(json, text);
    if (last) {
        json += ",\"done\":true";
        if (!of.error.empty()) {
            json += ",\"error\":";
            base::json::append_quoted(json, of.error);
        }
    }
    return json += "}]";
}

void text_streams::flush(stream& of) {
    if (of.waiting.empty() && !of.done)
        return;
    auto text = std::exchange(of.waiting, {});
    const auto after = of.seq++;
    others_.send({of.with.nsp, of.with.whom, {event_of(of, after, text, of.done), {}}});
    of.sent_bytes += text.size();
    of.sent.push_back({of.seq, std::move(text)});
    while (of.sent_bytes > of.with.max_bytes && of.sent.size() > 1) {
        of.sent_bytes -= of.sent.front().text.size();
        of.sent.pop_front();
    }
}

bool text_streams::on_event(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args,
    base::time_point) {
    const bool cancels = name == "stream:cancel";
    if (!cancels && name != "stream:resume")
        return false;
    const auto asked = base::json::element(args.json, 1).value_or("");
    const auto named = base::json::member(asked, "stream");
    const auto after = base::json::member(asked, "seq").value_or("0");
    stream_request made{
        .id = named ? base::json::string(*named).value_or("") : "",
        .sid = from.sid(),
        .nsp = std::string(from.nsp()),
        .ack_id = id,
        .cancels = cancels};
    if (std::from_chars(after.data(), after.data() + after.size(), made.after).ec != std::errc())
        made.id.clear(); // of no stream
    others_.ask(std::move(made));
    return true;
}

void text_streams::answer(const stream_request& asked) {
    auto* of = find(asked.id);
    std::string_view why;
    if (!of || of->with.nsp != asked.nsp)
        why = "There is no such stream";
    else if (!asked.cancels)
        why = resume(*of, asked);
    else if (!of->done && !std::exchange(of->cancelled, true))
        others_.on_cancelled(asked.id);
    if (!asked.ack_id)
        return;
    std::string json = "[{\"ok\":true}]";
    if (!why.empty()) {
        json = "[{\"ok\":false,\"error\":";
        base::json::append_quoted(json, why);
        json += "}]";
    }
    rooms_.send_ack(asked.sid, asked.nsp, *asked.ack_id, {std::move(json), {}});
}

std::string_view text_streams::resume(stream& of, const stream_request& asked) {
    const auto after = asked.after;
    if (after > of.seq)
        return "The stream has not come so far";
    if (of.seq > after && of.sent.front().seq > after + 1)
        return "What was missed is not kept any more";
    auto& rooms = of.with.whom.rooms;
    if (rooms && !of.done && std::ranges::find(*rooms, asked.sid.view()) == rooms->end()) {
        if (of.readers == max_readers)
            return "Too many have resumed the stream";
        ++of.readers;
        rooms->push_back(asked.sid.str());
    }
    if (of.seq == after)
        return {};
    std::string rest;
    for (const auto& each : of.sent)
        if (each.seq > after)
            rest += each.text;
    rooms_.emit_to(asked.sid, asked.nsp, {event_of(of, after, rest, of.done), {}});
    return {};
}

std::optional<base::time_point> text_streams::next_deadline() const {
    const auto window = windows_.soonest();
    const auto ended = ended_.soonest();
    return window && ended ? std::min(*window, *ended) : window ? window : ended;
}

void text_streams::sweep(base::time_point now) {
    while (auto* each = windows_.take_due(now)) {
        each->windowed = !each->waiting.empty();
        if (each->windowed) {
            flush(*each);
            windows_.set(*each, now + each->with.window);
        }
    }
    while (const auto* each = ended_.take_due(now))
        streams_.erase(streams_.find(each->with.id));
}

} // namespace features::flow
