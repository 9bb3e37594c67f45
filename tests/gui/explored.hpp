// SPDX-License-Identifier: MIT
// The whole coarse matrix as the window explores it, once for all tests that look at it.
#pragma once

#include "gui/model/matrix_run.hpp"

namespace mdscope::gui {

inline const MatrixRun::View& coarse() {
    static const std::shared_ptr<const MatrixRun::View> view = [] {
        MatrixRun run(Granularity::Coarse, [] {});
        run.start();
        run.wait();
        return run.view();
    }();
    return *view;
}

inline std::vector<MatrixCell> explored_cells() {
    std::vector<MatrixCell> cells;
    for (const std::shared_ptr<const MatrixCell>& cell : coarse().cells) cells.push_back(*cell);
    return cells;
}

}  // namespace mdscope::gui
