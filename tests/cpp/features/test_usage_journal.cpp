#include "features/usage/meter.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <system_error>

using namespace features::usage;

namespace {

constexpr std::int64_t now = 1'800'000'000;

struct fixture {
    fixture() {
        std::string pattern = (std::filesystem::temp_directory_path() / "usage-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
    }
    ~fixture() { std::filesystem::remove_all(folder); }
    [[nodiscard]] std::string file(int seq) const {
        return folder + "/usage-" + std::to_string(seq) + ".journal";
    }
    static outcome spend(meter& of, std::string_view id) {
        return of.count({.model = "m", .user = "u", .id = id, .in = 1, .out = 2, .total = 4}, now);
    }
    std::string folder;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usage_journal, fixture)

BOOST_AUTO_TEST_CASE(each_record_can_be_read_as_soon_as_it_counts) {
    meter of({});
    BOOST_TEST(of.declare("g", {"m"}, {}, {}));
    BOOST_TEST(of.declare("h", {"m"}, {}, {}));
    of.collect(1, folder, true);
    BOOST_TEST((spend(of, "a") == outcome::counted));
    BOOST_TEST((spend(of, "a") == outcome::duplicate));
    const auto found = read_journal(file(1));
    BOOST_REQUIRE(found.size() == 1);
    BOOST_TEST(found[0].id == "a");
    BOOST_TEST(found[0].counted.user == "u");
    BOOST_TEST((found[0].counted.groups == std::vector<std::string>{"g", "h"}));
    BOOST_TEST((found[0].counted.sum == counts{1, 2, 4, 1}));
    BOOST_TEST(found[0].counted.minute == now / 60);
}

BOOST_AUTO_TEST_CASE(a_file_holds_what_the_batch_of_its_number_has) {
    meter of({});
    of.collect(7, folder, false);
    BOOST_TEST((spend(of, "a") == outcome::counted));
    BOOST_TEST((spend(of, "b") == outcome::counted));
    BOOST_TEST(of.take().seq == 7);
    BOOST_TEST((spend(of, "c") == outcome::counted));
    BOOST_TEST(of.take().seq == 8);
    BOOST_TEST(read_journal(file(7)).size() == 2);
    BOOST_TEST(read_journal(file(8)).size() == 1);
    BOOST_TEST(std::filesystem::exists(file(9)));
}

BOOST_AUTO_TEST_CASE(of_a_file_that_a_crash_has_cut_off_the_whole_records_are_read) {
    {
        meter of({});
        of.collect(1, folder, true);
        for (const char* each : {"a", "b", "c"})
            BOOST_TEST((spend(of, each) == outcome::counted));
    }
    const auto whole = std::filesystem::file_size(file(1));
    for (std::uintmax_t size = whole; size-- > 0;) {
        std::filesystem::resize_file(file(1), size);
        BOOST_REQUIRE(read_journal(file(1)).size() == size * 3 / whole);
    }
}

BOOST_AUTO_TEST_CASE(a_damaged_record_ends_what_is_read) {
    {
        meter of({});
        of.collect(1, folder, true);
        for (const char* each : {"a", "b", "c"})
            BOOST_TEST((spend(of, each) == outcome::counted));
    }
    std::fstream damaged(file(1), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file(1)) / 2));
    damaged.put('\x7f');
    damaged.close();
    BOOST_TEST(read_journal(file(1)).size() == 1);
}

BOOST_AUTO_TEST_CASE(a_journal_that_is_there_already_is_not_written_over) {
    std::ofstream(file(1)) << "of another process";
    meter of({});
    BOOST_CHECK_THROW(of.collect(1, folder, true), std::system_error);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_does_not_count) {
    meter of({});
    of.collect(1, folder, false);
    std::filesystem::remove_all(folder);
    BOOST_TEST((spend(of, "a") == outcome::counted)); // the file is open still
    BOOST_CHECK_THROW((void)of.take(), std::system_error);
    std::filesystem::create_directory(folder);
    BOOST_TEST(of.take().rows.size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
