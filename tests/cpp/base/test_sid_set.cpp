#include "base/sid_set.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <vector>

namespace {

struct counted {
    counted(const base::sid& id, int& alive_) : sid(id), alive(alive_) { ++alive; }
    ~counted() { --alive; }
    const base::sid sid;
    int& alive;
};

using set = base::sid_set<counted, &counted::sid>;

} // namespace

BOOST_AUTO_TEST_SUITE(sid_set)

BOOST_AUTO_TEST_CASE(an_object_is_found_by_its_own_sid_until_it_is_taken_out) {
    base::sid_source source;
    int alive = 0;
    set objects;
    std::vector<counted*> added;
    for (int i = 0; i < 1'000; ++i)
        added.push_back(&objects.add(std::make_unique<counted>(source.next(), alive)));
    for (auto* each : added) {
        BOOST_REQUIRE(objects.find(each->sid) == each);
        BOOST_REQUIRE(objects.find(each->sid.str()) == each);
    }
    BOOST_TEST(objects.find("") == nullptr);
    BOOST_TEST(objects.find(source.next()) == nullptr);
    const auto sid = added[500]->sid;
    BOOST_TEST(objects.take(*added[500]).get() == added[500]);
    BOOST_TEST(objects.find(sid) == nullptr);
    BOOST_TEST(objects.size() == 999U);
    BOOST_TEST(alive == 999);
}

BOOST_AUTO_TEST_CASE(it_owns_what_is_in_it) {
    base::sid_source source;
    int alive = 0;
    {
        set objects;
        objects.add(std::make_unique<counted>(source.next(), alive));
        objects.add(std::make_unique<counted>(source.next(), alive));
        BOOST_TEST(alive == 2);
    }
    BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_SUITE_END()
