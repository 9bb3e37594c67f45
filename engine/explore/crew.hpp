// SPDX-License-Identifier: MIT
// The threads of a breadth-first search: states that are to be expanded are shared out among them, each with an
// Expander of its own. A state goes to the one that keeps its moment; who has nothing left takes half of what another
// one still has before it. Which thread expanded a state makes no difference to what is found.
//
//   Crew crew(scenario, options, conflicts);
//   run_on_threads(options.jobs, [&] { ... one of them searches: crew.expand(...), crew.close(); all others:
//   crew.help() });
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/explore/expander.hpp"
#include "engine/host/threads.hpp"

namespace mdscope {

// The picks that lead to a state.
Picks picks_to(const StateTable& table, std::uint32_t number);

class Crew {
   public:
    static constexpr std::size_t kMostAtOnce = 1024;  // states of a batch

    // Throws std::runtime_error: see World.
    Crew(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts);

    // ---- of the thread that searches

    void begin(Expansion& into) { expanders_[0]->begin(into); }
    // into[i] is what follows from the state numbers[i]. Throws std::runtime_error.
    void expand(const std::vector<std::uint32_t>& numbers, const StateTable& table, std::vector<Expansion>& into);
    void forget(std::uint32_t by, std::uint32_t kept) { expanders_[by]->forget(kept); }
    void close();

    // ---- of the others: returns when it is closed

    void help(std::uint32_t by);

   private:
    struct Share {
        std::vector<std::uint32_t> places;   // in the batch, ascending
        std::atomic<std::uint32_t> next{0};  // of those, for its owner, who looks at all of them
        std::atomic<std::uint32_t> end{0};   // from here on others have taken them
        std::atomic<bool> is_at_work{false};
    };
    void share_out();
    void work(std::uint32_t by);
    void work_off(std::uint32_t by);
    bool take_from(Share& other, std::uint32_t by);
    void expand_at(std::uint32_t place, std::uint32_t by);
    void failed(const std::string& why);

    const Scenario& scenario_;
    const ExploreOptions& options_;
    ConflictMap* const conflicts_;
    std::vector<std::unique_ptr<Expander>> expanders_;  // each made by its own thread, when it is first needed

    // The batch. The threads read it while it is open.
    const std::vector<std::uint32_t>* numbers_ = nullptr;
    const StateTable* table_ = nullptr;
    std::vector<Expansion>* into_ = nullptr;
    std::vector<Share> shares_;  // by expander
    std::vector<std::atomic<bool>> is_taken_;

    HostMutex mutex_;
    HostCondition moved_;
    std::uint64_t round_ = 0;
    bool is_open_ = false, is_closed_ = false;
    unsigned busy_ = 0;
    std::string failure_;
};

}  // namespace mdscope
