# Writes OUT, a header with the commit of SOURCE: cmake -DGIT= -DSOURCE= -DCOMMIT= -DOUT= -P commit.cmake
# Only git's own folder counts: sources that lie inside somebody else's repository have none of their own.
# SPDX-License-Identifier: MIT
if(NOT COMMIT AND GIT AND EXISTS ${SOURCE}/.git)
    execute_process(COMMAND ${GIT} log -1 --format=%h,\ %cs WORKING_DIRECTORY ${SOURCE}
        OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
set(text "#pragma once\n\n#define MDSCOPE_COMMIT \"${COMMIT}\"\n")
if(EXISTS ${OUT})
    file(READ ${OUT} old)
endif()
if(NOT "${old}" STREQUAL "${text}")
    file(WRITE ${OUT} "${text}")
else()
    file(TOUCH ${OUT}) # newer than what it was made from, or it would be made again each time
endif()
