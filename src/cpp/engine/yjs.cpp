#include "engine/yjs.hpp"

#include "base/sid.hpp"
#include "engine/ask.hpp"
#include "engine/engine.hpp"
#include "engine/features.hpp"
#include "engine/outbox.hpp"

#include <stdexcept>
#include <utility>

namespace engine {

namespace {

using ::features::yjs::relay;
using ::features::yjs::request_kind;
using relay_list = std::vector<relay*>;

// What the documents of one shard ask for: the application by a notification, and their siblings.
class yjs_application final : public ::features::yjs::application {
public:
    yjs_application(
        shard_context& own,
        std::shared_ptr<outbox> out,
        shards& all,
        unsigned index,
        std::shared_ptr<relay_list> relays)
        : own_(own), out_(std::move(out)), all_(all), index_(index), relays_(std::move(relays)) {}

    void tell(::features::yjs::notice&& told) override { out_->post(std::move(told)); }
    std::string new_epoch() override { return epochs_.next().str(); }
    base::time_point now() const override { return own_.now(); }
    void at_home_of(std::string_view document, base::task<relay>&& call) override {
        const auto home = home_of_key(document, all_.count());
        if (home == index_) {
            call(*(*relays_)[home]);
            return;
        }
        const auto holds = call.weight();
        all_[home].post(
            {[relays = relays_, home, call = std::move(call)](shard_context&) mutable {
                 if (auto* there = (*relays)[home])
                     call(*there);
             },
             holds});
    }

private:
    shard_context& own_;
    const std::shared_ptr<outbox> out_;
    shards& all_;
    const unsigned index_;
    const std::shared_ptr<relay_list> relays_;
    base::sid_source epochs_;
};

} // namespace

yjs::yjs(const engine& of, const ::features::yjs::options& chosen)
    : all_(of.current()), relays_(std::make_shared<relays>(of.threads())) {
    const auto all = all_.lock();
    if (!all)
        throw std::logic_error("the engine does not run");
    for (unsigned index = 0; index < all->count(); ++index)
        (*all)[index].post(
            [&shards = *all, out = of.out(), relays = relays_, index, chosen](shard_context& in) {
                auto app = std::make_unique<yjs_application>(in, out, shards, index, relays);
                auto& modules = in.modules();
                (*relays)[index] =
                    &modules.add(std::make_unique<relay>(modules.rooms(), std::move(app), chosen));
            });
}

template <class Call>
void yjs::at(unsigned shard, Call call) {
    if (const auto all = all_.lock())
        (*all)[shard].post(
            [relays = relays_, shard, call = std::move(call)](shard_context& in) mutable {
                if (auto* there = (*relays)[shard])
                    call(*there, in.now());
            });
}

template <class Call>
void yjs::at_home_of(const std::string& document, Call call) {
    at(home_of_key(document, static_cast<unsigned>(relays_->size())), std::move(call));
}

void yjs::on_access(
    std::string sid, std::string nsp, std::string document, access may, std::string user) {
    const auto home = owner_of(sid, static_cast<unsigned>(relays_->size()));
    at(home,
       [sid = std::move(sid),
        nsp = std::move(nsp),
        document = std::move(document),
        may,
        user = std::move(user)](relay& in, base::time_point now) {
           in.on_access(sid, nsp, document, may, user, now);
       });
}

void yjs::on_loaded(std::string document, loaded_document loaded) {
    at_home_of(
        document, [document, loaded = std::move(loaded)](relay& in, base::time_point now) mutable {
            in.documents().on_loaded(document, std::move(loaded), now);
        });
}

void yjs::on_kept(std::string document, std::uint64_t number) {
    at_home_of(document, [document, number](relay& in, base::time_point now) {
        in.documents().on_kept(document, number, now);
    });
}

void yjs::on_stored(std::string document, bool stored) {
    at_home_of(document, [document, stored](relay& in, base::time_point now) {
        in.documents().on_stored(document, stored, now);
    });
}

namespace {

::features::yjs::request
of_the_server(request_kind kind, std::uint64_t question, std::string document) {
    ::features::yjs::request asked{.kind = kind, .how = ::features::yjs::channel::lists};
    asked.document = std::move(document);
    asked.ack = question;
    return asked;
}

} // namespace

void yjs::pass_on(::features::yjs::request&& asked) {
    const auto name = asked.document;
    at_home_of(name, [asked = std::move(asked)](relay& in, base::time_point now) mutable {
        in.documents().take(std::move(asked), now);
    });
}

void yjs::ask_state(std::uint64_t question, std::string document) {
    pass_on(of_the_server(request_kind::server_state, question, std::move(document)));
}

void yjs::apply(std::uint64_t question, std::string document, std::string update) {
    auto asked = of_the_server(request_kind::server_update, question, std::move(document));
    asked.bytes = std::move(update);
    pass_on(std::move(asked));
}

void yjs::clear(std::uint64_t question, std::string document) {
    pass_on(of_the_server(request_kind::server_clear, question, std::move(document)));
}

void yjs::ask_members(std::uint64_t question, std::string document) {
    pass_on(of_the_server(request_kind::server_members, question, std::move(document)));
}

void yjs::ask_documents(std::uint64_t question, std::string sid) {
    const auto home = owner_of(sid, static_cast<unsigned>(relays_->size()));
    at(home, [question, sid = std::move(sid)](relay& in, base::time_point) {
        in.tell_documents(question, sid);
    });
}

void yjs::put_out(std::string document, std::string sid) {
    const auto home = owner_of(sid, static_cast<unsigned>(relays_->size()));
    at(home, [document = std::move(document), sid = std::move(sid)](relay& in, base::time_point) {
        in.revoke(sid, document);
    });
}

void yjs::on_bound(std::string sid, std::string user) {
    const auto home = owner_of(sid, static_cast<unsigned>(relays_->size()));
    at(home, [sid = std::move(sid), user = std::move(user)](relay& in, base::time_point) {
        in.on_bound(sid, user);
    });
}

std::size_t yjs::flush(bool failed_too) {
    std::size_t count = 0;
    const auto all = all_.lock();
    for (unsigned shard = 0; shard < relays_->size(); ++shard)
        count += ask(all, shard, [this, shard, failed_too](shard_context& in) {
            auto* there = (*relays_)[shard];
            return there ? there->documents().flush(in.now(), failed_too) : 0;
        });
    return count;
}

::features::yjs::counters yjs::counted() const {
    ::features::yjs::counters sums;
    // Which shard it is, the relays tell by their places.
    const auto all = all_.lock();
    for (unsigned shard = 0; shard < relays_->size(); ++shard)
        sums += ask(all, shard, [this, shard](shard_context&) {
            const auto* there = (*relays_)[shard];
            return there ? there->counted() : ::features::yjs::counters{};
        });
    return sums;
}

std::vector<std::pair<const char*, std::uint64_t>> yjs::refusals(const counters& of) {
    using ::features::yjs::refusal;
    std::vector<std::pair<const char*, std::uint64_t>> list;
    for (auto each = 1U; each < static_cast<unsigned>(refusal::count); ++each)
        list.emplace_back(to_string(static_cast<refusal>(each)), of.refused[each]);
    return list;
}

} // namespace engine
