// One document, those who are in it, and what waits for the application. Belongs to the thread of
// the shard that the document is at home on; its members may be on others.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/string_hash.hpp"
#include "features/yjs/application.hpp"
#include "features/yjs/cursors.hpp"
#include "features/yjs/history.hpp"
#include "features/yjs/open_webui.hpp"
#include "features/yjs/request.hpp"
#include "features/yjs/store_timing.hpp"
#include "sio/namespace_api.hpp"

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace features::yjs {

// What all documents of a shard have in common.
struct surroundings {
    sio::namespace_api& rooms;
    application& app;
    const options& chosen;
    counters& counted;
};

// What load_question is answered with.
struct loaded_document {
    bool ok = false;
    std::string epoch; // empty: a history begins
    std::uint64_t number = 0;
    std::vector<std::string> updates;
    std::string seed;    // what it begins with if there are no updates
    std::string content; // JSON, for editors that make the first update themselves
};

class shared_document {
public:
    shared_document(const surroundings& around, std::string name);
    shared_document(const shared_document&) = delete;
    shared_document& operator=(const shared_document&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    // May wait until the document has been loaded.
    void take(request&& asked, base::time_point now);
    void on_loaded(loaded_document&& loaded, base::time_point now);
    void on_kept(std::uint64_t number);
    void on_stored(bool stored, base::time_point now);
    // A member may not be here any more.
    void put_out(const std::string& sid, base::time_point now);

    [[nodiscard]] std::optional<base::time_point> due() const;
    void sweep(base::time_point now);

    void flush(base::time_point now, bool failed_too);
    [[nodiscard]] bool stored() const noexcept { return timing_.clean() && unkept_.empty(); }

    // Nobody is in it, and nothing of it waits: it may be freed if it can be had again.
    [[nodiscard]] bool at_rest() const noexcept;
    // There is nothing in it that would be missed.
    [[nodiscard]] bool blank() const noexcept { return history_.empty() && data_.empty(); }
    // Not loaded, and nobody waits for that any more.
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] base::time_point left_at() const noexcept { return left_at_; }
    // In memory, of what it consists of.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return history_.bytes() + data_.size() + content_.size();
    }
    void add_to(counters& sums) const;

    base::deadline_place wakes; // the library's, and so is
    std::size_t weighed = 0;    // bytes() as its sum has them

private:
    struct member {
        channel how = channel::lists;
        std::string nsp;
        bool may_write = true;
        open_webui::person who;
        // Of its awareness: since when so many changes, and what the others have yet to be told.
        base::time_point second;
        unsigned said = 0;
        cursor_set untold; // at most max_of_member
    };
    struct unkept {
        std::uint64_t number;
        std::size_t bytes;
    };
    struct held_call {
        std::uint64_t number;
        std::function<void()> call;
    };
    // What waits to be loaded.
    static constexpr std::size_t max_waiting = 10'000;

    void carry_out(request&& asked, base::time_point now);
    void join(request&& asked, base::time_point now);
    static void identify(member& known, request&& asked);
    void leave(const std::string& sid, bool gone, base::time_point now);
    void update(request&& asked, base::time_point now);
    void server_update(const request& asked, base::time_point now);
    void clear(const request& asked, base::time_point now);
    void
    put_out(const std::string& sid, refusal why, std::string_view detail, base::time_point now);
    // Of a client that is to be put out before the document is there.
    void refuse_waiting(const std::string& sid, refusal why, std::string_view detail);
    void sync(const request& asked);
    void awareness(const request& asked, base::time_point now);
    void tell_untold(base::time_point now);

    // False: it cannot.
    [[nodiscard]] bool begin(loaded_document&& loaded, base::time_point now);

    // Why an update is not taken; nothing if it is, or has been before, and `added` tells which.
    [[nodiscard]] refusal add(std::string_view update, base::time_point now, bool& added);
    void spread(const std::string& sid, const open_webui::person& from, const std::string& update);
    void send_state(const std::string& sid, const member& to);
    void
    tell_cursors(const std::string& sid, const open_webui::person& from, const cursor_set& changed);
    void refuse(const request& asked, refusal why, std::string_view detail = {});
    void acknowledge(const request& asked, const sio::arguments& answer);
    void answer(std::uint64_t question, bool ok, std::string data);
    void store(base::time_point now);
    // Now, or once the store has all that there is now.
    void when_kept(std::function<void()> call);
    [[nodiscard]] std::string sessions(std::string_view of) const;
    [[nodiscard]] std::string all_sessions() const;
    void keep(std::string_view update);
    [[nodiscard]] std::string room(channel how) const;
    [[nodiscard]] std::string nsp(channel how) const;
    // Each channel that somebody else listens to; `make` gives what is said there.
    template <class Make>
    void tell_others(std::string_view sid, Make make);
    template <class Make>
    void tell_other_people(std::string_view sid, Make make);

    const surroundings& around_;
    const std::string name_;
    std::string epoch_;
    history history_;
    cursors cursors_;
    base::string_map<member> members_;
    std::array<std::size_t, channels> members_by_channel_{};
    store_timing timing_;
    std::string data_;    // JSON, the last that came with an update
    std::string content_; // JSON, what the application has loaded
    std::uint64_t number_ = 0;
    std::uint64_t kept_ = 0;
    std::uint64_t replaced_ = 0;       // by the store's snapshot
    std::uint64_t storing_number_ = 0; // what it is being replaced up to
    std::uint64_t cleared_ = 0;        // all up to here is forgotten
    std::deque<unkept> unkept_;        // at most max_unkept_bytes
    std::size_t unkept_bytes_ = 0;
    std::deque<held_call> held_; // as many as there are requests in that time
    std::vector<request> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::optional<base::time_point> untold_due_; // of some member's
    bool loading_ = false;
    bool failed_ = false;
    // The store has updates that are none. No snapshot takes their place: perhaps they can be
    // mended.
    bool damaged_ = false;
    base::time_point left_at_{};
};

} // namespace features::yjs
