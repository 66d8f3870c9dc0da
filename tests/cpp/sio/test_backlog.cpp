#include "sio/backlog.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using offsets = std::vector<std::uint64_t>;

namespace {

constexpr std::size_t plenty = 1'000'000;

struct filled {
    explicit filled(std::size_t most_bytes = plenty, std::size_t most_total = plenty)
        : store{.bytes = 0, .most_bytes = most_total}, log(most_bytes, store) {}
    void push(std::uint64_t offset, std::size_t size = 10, bool again = true) {
        log.push({store, offset, {.frame = base::bytes(std::string(size, 'x'))}, again});
    }
    offsets after(std::optional<std::uint64_t> last) const {
        offsets found;
        for (const auto& each : log.after(last))
            found.push_back(each.offset());
        return found;
    }
    sio::backlog_store store;
    sio::backlog log;
};

} // namespace

BOOST_AUTO_TEST_SUITE(backlog)

BOOST_AUTO_TEST_CASE(who_had_an_event_has_missed_those_behind_it) {
    filled f;
    for (const std::uint64_t each : {3, 5, 9})
        f.push(each);
    BOOST_TEST(f.log.continues(std::nullopt));
    BOOST_TEST((f.after(std::nullopt) == offsets{3, 5, 9}));
    BOOST_TEST(f.log.continues(5));
    BOOST_TEST((f.after(5) == offsets{9}));
    BOOST_TEST((f.after(9).empty()));
}

BOOST_AUTO_TEST_CASE(an_offset_that_was_never_sent_continues_nothing) {
    filled f;
    for (const std::uint64_t each : {3, 5, 9})
        f.push(each);
    for (const std::uint64_t each : {1, 4, 8, 10})
        BOOST_TEST(!f.log.continues(each));
    BOOST_TEST(!filled().log.continues(1));
}

BOOST_AUTO_TEST_CASE(a_pong_confirms_what_came_before_its_ping) {
    filled f;
    f.push(1);
    f.push(2);
    f.log.ping();
    f.push(3);
    f.log.pong();
    BOOST_TEST((f.after(2) == offsets{3}));
    BOOST_TEST(f.log.continues(2));
    BOOST_TEST(!f.log.continues(1));
    BOOST_TEST(!f.log.continues(std::nullopt));
    f.log.pong(); // nobody has asked
    BOOST_TEST(f.log.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_ping_of_the_connection_before_confirms_nothing) {
    filled f;
    f.push(1);
    f.log.ping();
    f.log.reconnected();
    f.log.pong();
    BOOST_TEST(f.log.size() == 1U);
}

BOOST_AUTO_TEST_CASE(at_its_bound_the_oldest_go) {
    filled f(1'000);
    for (std::uint64_t each = 1; each <= 100; ++each)
        f.push(each, 100);
    BOOST_TEST(f.log.bytes() <= 1'000U);
    BOOST_TEST(f.log.size() >= 4U);
    BOOST_TEST(f.log.continues(100 - f.log.size()));
    BOOST_TEST(!f.log.continues(100 - f.log.size() - 1));
    f.push(101, 5'000); // more than all it may hold
    BOOST_TEST(f.log.size() == 0U);
    BOOST_TEST(f.log.continues(101));
}

BOOST_AUTO_TEST_CASE(a_full_store_makes_it_begin_anew) {
    filled f(plenty, 2'000);
    for (std::uint64_t each = 1; each <= 100; ++each)
        f.push(each, 100);
    BOOST_TEST(f.store.bytes <= 2'250U);
    BOOST_TEST(f.log.continues(100));
}

BOOST_AUTO_TEST_CASE(an_event_is_counted_once_however_many_keep_it) {
    sio::backlog_store store{.bytes = 0, .most_bytes = plenty};
    {
        sio::backlog one(plenty, store);
        sio::backlog two(plenty, store);
        const std::vector attachments{base::bytes("01234")};
        const sio::kept_event sent(
            store, 1, {.frame = base::bytes("0123456789"), .attachments = attachments}, true);
        const auto alone = store.bytes;
        one.push(sent);
        two.push(sent);
        BOOST_TEST(store.bytes == alone + 2 * sizeof(sio::kept_event));
    }
    BOOST_TEST(store.bytes == 0U);
}

BOOST_AUTO_TEST_CASE(what_may_be_kept_compressed_as_well_counts_twice_in_the_store) {
    const auto counted = [](std::size_t size, bool compress) {
        sio::backlog_store store{.bytes = 0, .most_bytes = plenty, .compressed_from = 100};
        {
            const sio::kept_event sent(
                store,
                1,
                {.frame = base::bytes(std::string(size, 'x')), .compress = compress},
                true);
            size = store.bytes;
        }
        BOOST_TEST(store.bytes == 0U);
        return size;
    };
    const auto alone = counted(0, true);
    BOOST_TEST(counted(99, true) == alone + 99);
    BOOST_TEST(counted(100, true) == alone + 200);
    BOOST_TEST(counted(100, false) == alone + 100);
}

BOOST_AUTO_TEST_CASE(of_a_volatile_event_the_offset_is_known_and_nothing_else) {
    filled f;
    sio::kept_event sent(f.store, 1, {.frame = base::bytes(std::string(10'000, 'x'))}, false);
    f.log.push(sent);
    sent.sent();
    BOOST_TEST(f.log.bytes() < 200U);
    BOOST_TEST(f.log.continues(1));
    BOOST_TEST(!f.log.after(std::nullopt)[0].again());
}

BOOST_AUTO_TEST_CASE(after_many_events_it_is_still_small_and_right) {
    filled f;
    for (std::uint64_t each = 1; each <= 10'000; ++each) {
        f.push(each);
        if (each % 10 == 0) {
            f.log.pong();
            f.log.ping();
        }
    }
    BOOST_TEST(f.log.size() == 10U);
    BOOST_TEST((f.after(9'998) == offsets{9'999, 10'000}));
}

BOOST_AUTO_TEST_SUITE_END()
