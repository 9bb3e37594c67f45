#include "engine/story/narration.hpp"
namespace mdscope {
Now now(const Duel&, std::size_t, Foresight&){return {"what","meaning"};}
std::vector<Link> why(const Duel&, Side, std::size_t, Foresight&){return {};}
std::string tick_line(const Duel& d, std::size_t t){return order_text(d.tick(t).order);}
std::vector<Annotation> annotated_console(const Duel&, Side){return {};}
std::string describe(const Duel&, std::size_t, Foresight&){return {};}
}
