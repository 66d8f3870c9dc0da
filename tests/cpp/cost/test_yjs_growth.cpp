// What an update costs does not grow with how many are merged, whatever a peer made of them.
#include "cost/steps.hpp"
#include "features/yjs/coverage.hpp"
#include "features/yjs/diff.hpp"
#include "features/yjs/made.hpp"
#include "features/yjs/merge.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using features::yjs::content_kind;
using made::text;
using made::update;

constexpr std::size_t few = 500;
constexpr std::size_t many = 20'000;
constexpr std::uint64_t slack = 3; // sorting is n log n

using updates = std::vector<std::string>;

updates typed(std::size_t count) {
    updates all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(
            update({{1, i, {i == 0 ? made::typed("x") : made::typed_behind({1, i - 1}, "x")}}}));
    return all;
}

updates shuffled(std::size_t count) {
    updates all = typed(count);
    std::ranges::shuffle(all, std::mt19937(1));
    return all;
}

updates of_a_client_each(std::size_t count) {
    updates all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(update({{i * 7919 % 1'000'003, 0, {made::typed("x")}}}));
    return all;
}

// A long text of which every second character is known already, so that it is cut each time.
updates cut_everywhere(std::size_t count) {
    updates all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(update({{1, 2 * i, {made::item(content_kind::embed, text("{}"))}}}));
    all.push_back(update({{1, 0, {made::typed(std::string(2 * count, 'x'))}}}));
    return all;
}

// Texts that begin a character later each, and all end far behind, the last to be known first.
updates stacked(std::size_t count) {
    updates all;
    for (std::size_t i = count; i > 0; --i)
        all.push_back(
            update({{1, i, {made::typed_behind({1, i - 1}, "x"), made::gc(count * 2 - i)}}}));
    return all;
}

updates of_values_deleted_here_and_there(std::size_t count) {
    features::yjs::range_set deletes;
    std::string values = made::number(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
        deletes.push_back({1, 2 * i, 1});
        values += made::bytes({126, 120});
    }
    return {update({{1, 0, {made::item(content_kind::any, values)}}}, deletes)};
}

template <class Make, class Work>
void check_growth(const Make& make, const Work& work) {
    const auto each = [&](std::size_t count) {
        const updates all = make(count);
        const std::vector<std::string_view> views(all.begin(), all.end());
        return steps::of([&] { work(views); }) / count;
    };
    const auto of_few = each(few);
    const auto of_many = each(many);
    BOOST_TEST_MESSAGE(of_few << " steps each of few, " << of_many << " of many");
    BOOST_TEST(of_few > 0U);
    BOOST_TEST(of_many <= slack * of_few);
}

template <class Make>
void check_merge(const Make& make) {
    check_growth(make, [](const std::vector<std::string_view>& all) {
        (void)features::yjs::merge(all);
        (void)features::yjs::merge(all, {.drop_deleted = true});
        (void)features::yjs::merge(all, {.squash = false});
    });
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_growth)

BOOST_AUTO_TEST_CASE(a_merge_costs_what_its_updates_cost) {
    check_merge(typed);
    check_merge(shuffled);
    check_merge(of_a_client_each);
    check_merge(cut_everywhere);
    check_merge(stacked);
    check_merge(of_values_deleted_here_and_there);
}

BOOST_AUTO_TEST_CASE(a_diff_costs_what_its_state_costs) {
    check_growth(of_a_client_each, [](const std::vector<std::string_view>& all) {
        const std::string state = features::yjs::merge(all);
        const auto decoded = features::yjs::decode(state);
        const auto& made = std::get<features::yjs::summary>(decoded);
        (void)features::yjs::diff(state, features::yjs::state_vector(made.structs));
    });
}

BOOST_AUTO_TEST_CASE(what_is_covered_is_found_at_once) {
    check_growth(shuffled, [](const std::vector<std::string_view>& all) {
        features::yjs::coverage known;
        for (const std::string_view each : all)
            known.add(made::summary(each));
        for (const std::string_view each : all)
            BOOST_TEST(known.contains(made::summary(each)));
    });
}

BOOST_AUTO_TEST_SUITE_END()
