#include "engine/engine.hpp"

#include "eio/raw_server.hpp"
#include "eio/server.hpp"
#include "eio/session.hpp"
#include "engine/outbox.hpp"
#include "sio/server.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace engine {

namespace {

config completed(config options) {
    if (options.eio.websocket_compression)
        options.sio.recovery.compressed_from = options.eio.websocket_compression_threshold_bytes;
    // Each shard has its share.
    const auto shards = std::max(options.threads, 1U);
    auto& kept = options.sio.recovery;
    kept.max_total_bytes = (kept.max_total_bytes + shards - 1) / shards;
    kept.max_sessions = (kept.max_sessions + shards - 1) / shards;
    return options;
}

} // namespace

engine::engine(config options)
    : options_(completed(std::move(options))), out_(std::make_shared<outbox>()) {
    if (options_.threads == 0 || options_.threads > base::max_shards)
        throw std::invalid_argument("an engine has 1 to 64 threads");
}

engine::~engine() {
    if (!abandoned())
        close(std::chrono::milliseconds::zero());
}

void engine::start() {
    const std::lock_guard lock(mutex_);
    if (shards_)
        return;
    shards_ = std::make_shared<shards>(options_, out_);
    for (unsigned each = 0; each < shards_->count(); ++each)
        (*shards_)[each].post(
            [wanted = interest_, raw = raw_interest_, door = door_interest_](shard_context& in) {
                in.sio().set_interest(wanted);
                in.raw().set_interest(raw);
                in.eio().set_interest(door);
            });
    for (const auto& feature : installed_)
        for (unsigned each = 0; each < shards_->count(); ++each)
            (*shards_)[each].post(shard_task(feature));
}

void engine::install(std::function<void(shard_context&)> feature) {
    const std::lock_guard lock(mutex_); // also while it is posted: it must not start in between
    installed_.push_back(feature);
    if (shards_)
        for (unsigned each = 0; each < shards_->count(); ++each)
            (*shards_)[each].post(shard_task(feature), urgency::now);
}

void engine::close(std::chrono::milliseconds patience) {
    std::shared_ptr<shards> ending;
    {
        const std::lock_guard lock(mutex_);
        ending = std::exchange(shards_, nullptr);
    }
    if (ending)
        ending->stop(patience);
}

void engine::abandon() noexcept {
    if (abandoned_.exchange(true))
        return;
    // The mutex may have been held by a thread that is not here: it is not taken. The shards'
    // memory is left as it is: their threads were in the middle of something.
    new std::shared_ptr<shards>(std::move(shards_));
}

bool engine::running() const {
    return current() != nullptr;
}

std::shared_ptr<shards> engine::current() const {
    if (abandoned())
        return nullptr; // the mutex may be held by a thread that stayed with the parent
    const std::lock_guard lock(mutex_);
    return shards_;
}

unsigned engine::owner(std::string_view sid) const noexcept {
    return owner_of(sid, options_.threads);
}

unsigned engine::host(std::string_view eio_sid) const {
    const auto to = current();
    return to ? to->host_of(eio_sid) : 0;
}

unsigned engine::home_of(const eio::http_request& request) const {
    const auto to = current();
    return to ? to->home_of(request) : 0;
}

int engine::wake_descriptor() const noexcept {
    return out_->wake.readable_end();
}

void engine::wake_reader() noexcept {
    out_->wake.signal();
}

void engine::drain(std::vector<notification>& into) {
    out_->wake.clear(); // before the box is emptied: what comes after signals again
    out_->box.take(into);
    out_->log_bytes = 0;
    out_->refusals = 0;
    out_->questions = 0;
}

void engine::begin_burst(first_post first) {
    if (const auto to = current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].begin_burst(first);
}

void engine::end_burst() {
    if (const auto to = current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].end_burst();
}

bool engine::post(unsigned shard, shard_task&& task, urgency how) {
    const auto to = current();
    return to && (*to)[shard].post(std::move(task), how);
}

// --- commands ---

void engine::set_interest(sio::interest wanted) {
    {
        const std::lock_guard lock(mutex_);
        interest_ = wanted;
    }
    post_all([wanted = std::move(wanted)](shard_context& in) { in.sio().set_interest(wanted); });
}

void engine::forget_token(sio::ack_token token) {
    post_all([token](shard_context& in) { in.sio().forget_token(token); });
}

void engine::send_ack(base::sid sid, std::string nsp, std::uint64_t id, sio::arguments args) {
    post(owner(sid), [sid, nsp = std::move(nsp), id, args = std::move(args)](shard_context& in) {
        in.sio().send_ack(sid, nsp, id, args);
    });
}

void engine::accept(std::string sid, std::string nsp, std::string ready) {
    const auto home = owner(sid);
    post(
        home,
        [sid = std::move(sid), nsp = std::move(nsp), ready = std::move(ready)](shard_context& in) {
            in.sio().accept(sid, nsp, ready);
        });
}

void engine::refuse(std::string sid, std::string nsp, std::string reason) {
    const auto home = owner(sid);
    post(
        home,
        [sid = std::move(sid), nsp = std::move(nsp), reason = std::move(reason)](
            shard_context& in) { in.sio().refuse(sid, nsp, reason); });
}

void engine::disconnect(std::string sid, std::string nsp, std::string ready) {
    const auto home = owner(sid);
    post(
        home,
        [sid = std::move(sid), nsp = std::move(nsp), ready = std::move(ready)](shard_context& in) {
            in.sio().disconnect(sid, nsp, ready);
        });
}

void engine::disconnect_done(std::string sid, std::string nsp) {
    const auto home = owner(sid);
    post(home, [sid = std::move(sid), nsp = std::move(nsp)](shard_context& in) {
        in.sio().disconnect_done(sid, nsp);
    });
}

void engine::events_done(std::vector<handled> done) {
    std::vector<std::vector<handled>> parts(options_.threads);
    if (options_.threads == 1)
        parts.front() = std::move(done);
    else if (const auto to = current())
        for (const auto& each : done)
            parts[to->host_of(each.eio_sid)].push_back(each);
    for (unsigned shard = 0; shard < parts.size(); ++shard)
        if (!parts[shard].empty())
            post(shard, [part = std::move(parts[shard])](shard_context& in) {
                const auto now = in.now();
                for (const auto& [eio_sid, events] : part)
                    if (auto* found = in.eio().find(eio_sid))
                        found->remove_unhandled(events, now);
            });
}

void engine::close_session(std::string eio_sid) {
    const auto home = host(eio_sid);
    post(home, [eio_sid = std::move(eio_sid)](shard_context& in) {
        if (auto* found = in.eio().find(eio_sid))
            found->close(eio::close_reason::session_closed, in.now());
    });
}

void engine::close_sessions(std::vector<std::string> eio_sids, eio::close_reason why, closing how) {
    std::vector<std::vector<std::string>> parts(options_.threads);
    for (auto& each : eio_sids)
        parts[host(each)].push_back(std::move(each));
    for (unsigned shard = 0; shard < parts.size(); ++shard)
        if (!parts[shard].empty())
            post(shard, [part = std::move(parts[shard]), why, how](shard_context& in) {
                const auto now = in.now();
                for (const auto& eio_sid : part)
                    if (auto* found = in.eio().find(eio_sid); !found)
                        continue;
                    else if (how == closing::when_sent)
                        found->close_when_sent(why);
                    else
                        found->close(why, now);
            });
}

void engine::leave_room(std::string sid, std::string nsp, std::string room) {
    const auto home = owner(sid);
    post(
        home,
        [sid = std::move(sid), nsp = std::move(nsp), room = std::move(room)](shard_context& in) {
            in.sio().leave_room(sid, nsp, room);
        });
}

void engine::stop_listening() {
    post(shards::listening, [](shard_context& in) { in.stop_listening(); });
}

void engine::stop_accepting() {
    post_all([](shard_context& in) { in.eio().refuse_new_sessions(); });
}

void engine::relay_checked(shard_set asked) {
    for (unsigned each = 0; each < options_.threads; ++each)
        if ((asked >> each & 1) != 0)
            post(each, [](shard_context& in) { in.relay_checked(); });
}

void engine::hold_time() {
    post_all([](shard_context& in) { in.hold_time(); });
}

void engine::release_time() {
    post_all([](shard_context& in) { in.release_time(); });
}

// --- raw ---

void engine::set_raw_interest(eio::raw_interest wanted) {
    {
        const std::lock_guard lock(mutex_);
        raw_interest_ = wanted;
    }
    post_all([wanted](shard_context& in) { in.raw().set_interest(wanted); });
}

void engine::set_door_interest(eio::door_interest wanted) {
    {
        const std::lock_guard lock(mutex_);
        door_interest_ = wanted;
    }
    post_all([wanted](shard_context& in) { in.eio().set_interest(wanted); });
}

namespace {

// Under Socket.IO: whoever has let it in hears of an end, also if its peer has not waited.
void admit(shard_context& in, const std::string& eio_sid, std::vector<eio::http_header>&& headers) {
    in.eio().admit(eio_sid, {}, in.now(), std::move(headers));
    if (const auto sid = base::sid::parse(eio_sid); sid && !in.eio().find(eio_sid))
        in.tell(sio::session_closed_event{*sid});
}

} // namespace

void engine::admit_session(
    std::string eio_sid, std::string name, bool closes, std::vector<eio::http_header> headers) {
    const auto home = owner(eio_sid);
    post(
        home,
        [eio_sid = std::move(eio_sid),
         name = std::move(name),
         closes,
         raw = options_.raw,
         headers = std::move(headers)](shard_context& in) mutable {
            if (raw)
                in.raw().admit(eio_sid, name, in.now());
            else
                admit(in, eio_sid, std::move(headers));
            if (!closes)
                return;
            // In the same turn: the answer that opens the session carries its close.
            if (auto* opened = in.eio().find(eio_sid))
                opened->close(eio::close_reason::session_closed, in.now());
        });
}

void engine::admit_request(std::string id, std::vector<eio::http_header> headers) {
    const auto home = owner(id);
    post(home, [id = std::move(id), headers = std::move(headers)](shard_context& in) mutable {
        in.eio().admit(id, {}, in.now(), std::move(headers));
    });
}

void engine::refuse_session(std::string eio_sid, int status, std::string body) {
    const auto home = owner(eio_sid);
    post(home, [eio_sid = std::move(eio_sid), status, body = std::move(body)](shard_context& in) {
        in.raw().refuse(eio_sid, status, body);
    });
}

bool engine::send_packet(std::string eio_sid, eio::packet outgoing) {
    const auto to = current();
    if (!to)
        return false;
    auto& shard = (*to)[owner(eio_sid)];
    const auto held = sizeof(outgoing) + outgoing.data.size();
    shard.post(
        {[eio_sid = std::move(eio_sid), outgoing = std::move(outgoing)](shard_context& in) mutable {
             in.raw().send(eio_sid, std::move(outgoing));
         },
         held});
    return shard.full();
}

// --- custom packets ---

void engine::leave(std::string eio_sid, std::string nsp) {
    const auto home = owner(eio_sid);
    post(home, [eio_sid = std::move(eio_sid), nsp = std::move(nsp)](shard_context& in) {
        in.sio().leave(eio_sid, nsp);
    });
}

void engine::send_frame(std::string eio_sid, std::string ready) {
    const auto home = owner(eio_sid);
    post(home, [eio_sid = std::move(eio_sid), ready = std::move(ready)](shard_context& in) {
        in.sio().send_frame(eio_sid, ready);
    });
}

void engine::fail_session(std::string eio_sid, std::string why) {
    const auto home = owner(eio_sid);
    post(home, [eio_sid = std::move(eio_sid), why = std::move(why)](shard_context& in) {
        in.sio().fail(eio_sid, why, in.now());
    });
}

void engine::origin_judged(unsigned shard, std::uint64_t question, bool allowed) {
    if (shard < options_.threads)
        post(
            shard,
            [question, allowed](shard_context& in) { in.origin_judged(question, allowed); },
            urgency::now);
}

} // namespace engine
