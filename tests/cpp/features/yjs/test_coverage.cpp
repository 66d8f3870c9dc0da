#include "features/yjs/coverage.hpp"
#include "features/yjs/made.hpp"

#include <algorithm>
#include <random>

using features::yjs::coverage;
using features::yjs::range;
using features::yjs::range_set;
using features::yjs::summary;

namespace {

summary of(range_set structs, range_set deletes = {}) {
    features::yjs::normalise(structs);
    features::yjs::normalise(deletes);
    return {.structs = structs, .deletes = deletes};
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_coverage)

BOOST_AUTO_TEST_CASE(an_update_is_covered_when_all_of_it_is_there) {
    coverage known;
    known.add(of({{1, 0, 5}, {2, 3, 2}}, {{1, 1, 2}}));
    BOOST_TEST(known.contains(of({})));
    BOOST_TEST(known.contains(of({{1, 2, 3}}, {{1, 2, 1}})));
    BOOST_TEST(known.contains(of({{2, 3, 2}, {1, 0, 1}})));
    BOOST_TEST(!known.contains(of({{1, 2, 4}})));
    BOOST_TEST(!known.contains(of({{2, 0, 5}})));
    BOOST_TEST(!known.contains(of({{3, 0, 1}})));
    BOOST_TEST(!known.contains(of({{1, 0, 1}}, {{1, 0, 2}}))); // a delete that is new
    BOOST_TEST(known.vector().next_clock(1) == 5U);
    BOOST_TEST(known.vector().next_clock(2) == 0U);
}

BOOST_AUTO_TEST_CASE(added_one_by_one_or_at_once_it_is_the_same) {
    std::mt19937 random(1);
    const auto below = [&](unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(random);
    };
    for (int round = 0; round < 300; ++round) {
        coverage slowly;
        range_set all;
        for (unsigned left = below(60); left > 0; --left) {
            range_set some;
            for (unsigned many = below(8) == 0 ? 40 : 1; many > 0; --many)
                some.push_back({below(3), below(60), 1 + below(6)});
            all.insert(all.end(), some.begin(), some.end());
            slowly.add(of(some, some));
        }
        features::yjs::normalise(all);
        BOOST_TEST(slowly.structs() == all, boost::test_tools::per_element());
        BOOST_TEST(slowly.deletes() == all, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(with_too_many_ranges_it_forgets_all_and_covers_nothing) {
    range_set scattered;
    for (std::uint64_t i = 0; i < coverage::max_ranges; ++i)
        scattered.push_back({1, 2 * i, 1});
    coverage known;
    known.add(of(scattered));
    BOOST_TEST(known.exact());
    known.add(of({{2, 0, 1}}));
    BOOST_TEST(!known.exact());
    BOOST_TEST(known.structs().empty());
    BOOST_TEST(!known.contains(of({{1, 0, 1}})));
    known.add(of({{1, 0, 1}}));
    BOOST_TEST(!known.contains(of({{1, 0, 1}})));
}

BOOST_AUTO_TEST_SUITE_END()
