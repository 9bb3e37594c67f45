#include "engine/story/narration.hpp"
#include "engine/story/lanes.hpp"
namespace mdscope {
Oracle::Oracle(const Tape& t):tape_(t){} Oracle::~Oracle()=default;
const std::vector<FrameEvent>& Oracle::after(std::size_t){ static std::vector<FrameEvent> e; return e; }
std::vector<TreeLine> stop_tree(const Duel&, Side, std::size_t, Oracle&, Oracle&, TreeDetail){ return {{"do_md_stop",0,TreeLine::State::Inside,"",0,1,{}},{"md_bitmap_flush",1,TreeLine::State::Now,"notes",0,{},{}}}; }
std::vector<Cover> coverage(const Duel&, Side, std::size_t, Oracle&){return {};}
std::vector<Wait> waits(const Duel&, Side, std::size_t){return {};}
Standing standing_of(const Duel&, Side, std::size_t, Oracle&){return Standing::Running;}
const char* standing_word(Standing){return "RUNNING";}
Now now(const Duel&, std::size_t, Foresight&){return {"what","meaning"};}
std::vector<Link> why(const Duel&, Side, std::size_t, Foresight&){return {};}
std::string tick_line(const Duel& d, std::size_t t){return order_text(d.tick(t).order);}
std::vector<Annotation> annotated_console(const Duel&, Side){return {};}
std::string describe(const Duel&, std::size_t, Foresight&){return {};}
std::vector<Lane> lanes(const Duel&, Side){return {};}
std::vector<CounterStep> counter_steps(const Duel&, Side, Counter){return {};}
int counter_at(const Duel& d, Side s, std::size_t t, Counter c){auto&a=d.at(s,t).snapshot.array; return c==Counter::Mddev?a.pending_writes:a.bitmap_pending_writes;}
}
