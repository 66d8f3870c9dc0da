// The sums: of each model and set of groups for ever, of each user by the minute.
#pragma once

#include "features/usage/counts.hpp"
#include "features/usage/group.hpp"
#include "features/usage/names.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace features::usage {

// What has been counted since the last one, for a store.
struct batch {
    struct id_value {
        std::string id;
        std::size_t row = 0; // in `rows`: what to take off there if the store knows the id
        counts sum;
        std::int64_t at = 0; // Unix time, seconds: when it was first seen
    };
    std::uint64_t seq = 0;
    std::vector<row_value> rows;
    std::vector<id_value> ids;
};

class ledger {
    struct row;

public:
    // Minutes that rows stay in memory once they have been sent.
    explicit ledger(std::int64_t keep_minutes) : keep_(keep_minutes) {}

    // Nothing: there are too many. The group's own limit and window are the caller's to set.
    [[nodiscard]] group* declare(std::string_view name, const std::vector<std::string>& models);
    [[nodiscard]] group* find(std::string_view name);

    // Where a record is counted, in two steps: between them nothing can be refused any more.
    // `pending`: a store is to hear of it.
    class place {
    public:
        [[nodiscard]] outcome found() const noexcept { return found_; }

    private:
        friend class ledger;
        outcome found_ = outcome::full;
        row* in_ = nullptr;
    };
    [[nodiscard]] place find_place(const record& of, bool pending);
    void add(place in, const record& counted, std::int64_t now, bool pending);
    // What has been counted before, with the groups of then.
    [[nodiscard]] outcome restore(
        const row_value& of, std::string_view id, std::int64_t at, std::int64_t now, bool pending);
    // The names of the groups of a model, one to a line.
    [[nodiscard]] std::string groups_of(std::string_view model) const;

    [[nodiscard]] bool has_unsent() const noexcept { return !unsent_.empty(); }
    [[nodiscard]] batch take();

    // Of each model and its groups, since the beginning.
    [[nodiscard]] std::vector<row_value> totals() const;
    // Of the minutes from one on that are in memory, oldest first.
    [[nodiscard]] std::vector<row_value> rows(
        std::int64_t from,
        const std::optional<std::string>& model,
        const std::optional<std::string>& user,
        const std::optional<std::string>& group) const;
    void forget_old(std::int64_t now_minute);

private:
    struct key {
        std::uint32_t model = 0;
        std::uint32_t user = 0;
        std::uint32_t groups = 0;
        std::uint32_t minute = 0;
        friend bool operator==(const key&, const key&) = default;
    };
    struct key_hash {
        std::size_t operator()(const key& of) const noexcept {
            const auto high = (std::uint64_t{of.model} << 32) | of.user;
            const auto low = (std::uint64_t{of.groups} << 32) | of.minute;
            auto mixed = (high ^ 0x9e3779b97f4a7c15U) * 0xff51afd7ed558ccdU;
            mixed = (mixed ^ (mixed >> 32) ^ low) * 0xc4ceb9fe1a85ec53U;
            return mixed ^ (mixed >> 29);
        }
    };
    struct row {
        key of;
        counts sum;
        counts unsent;
        counts* total = nullptr; // of its model and groups
        std::uint32_t place = 0; // in unsent_, if it is there
        bool listed = false;
    };
    struct unsent_id {
        std::string id;
        row* of = nullptr;
        counts sum;
        std::int64_t at = 0;
    };
    struct model_entry {
        std::uint32_t groups = 0; // set number
    };

    [[nodiscard]] std::optional<std::uint32_t> use_model(std::string_view name);
    [[nodiscard]] std::uint32_t set_number(std::vector<std::uint32_t> groups);
    [[nodiscard]] group* known_group(std::string_view name);
    void assign_sets();
    [[nodiscard]] row* find_row(
        std::uint32_t model, std::string_view user, std::uint32_t groups, std::uint32_t minute);
    [[nodiscard]] outcome check(const row& in, const counts& sum, bool with_id) const noexcept;
    void count(row& in, const counts& sum, std::string_view id, std::int64_t at, bool pending);
    void add_to_groups(
        std::uint32_t set, std::int64_t minute, const counts& sum, std::int64_t now_minute);
    [[nodiscard]] bool make_room();
    [[nodiscard]] row_value value_of(const key& of, const counts& sum) const;
    [[nodiscard]] std::vector<std::string> names_of_set(std::uint32_t set) const;
    void forget_minute(std::map<std::uint32_t, std::vector<row*>>::iterator minute);

    const std::int64_t keep_;
    names models_; // never released: at most most_models
    names users_;  // used by rows
    std::vector<model_entry> of_model_;
    std::vector<std::unique_ptr<group>> groups_;
    std::vector<std::vector<std::uint32_t>> members_;  // models of each group
    std::vector<std::vector<std::uint32_t>> sets_{{}}; // groups of each set; 0: of none
    std::map<std::vector<std::uint32_t>, std::uint32_t> set_numbers_{{{}, 0}};
    std::unordered_map<key, row, key_hash> rows_; // at most most_rows
    std::map<std::uint32_t, std::vector<row*>> by_minute_;
    std::unordered_map<std::uint64_t, counts> totals_; // model and set
    std::vector<row*> unsent_;
    std::vector<unsent_id> unsent_ids_; // at most most_unsent_ids
};

} // namespace features::usage
