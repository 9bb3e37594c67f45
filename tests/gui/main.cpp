// SPDX-License-Identifier: MIT

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "gui/model/step_back.hpp"

// Frames are drawn here without a pause between them: beside a search that steps back from a window that pauses, so
// it would get a tenth of a processor.
int main(int count, char** words) {
    mdscope::gui::step_back();
    return doctest::Context(count, words).run();
}
