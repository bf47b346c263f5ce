# Files as arrays of bytes inside the program: weir_embed(<target> <file>...) gives each
# `const unsigned char weir__asset_<name>[]` and its length, where name is the file's with '_' for '.'.
# Run as a script (cmake -P) it makes one such source.
if(CMAKE_SCRIPT_MODE_FILE)
    file(READ "${FROM}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    file(WRITE "${TO}" "// Made from ${LABEL} by cmake/assets.cmake.\n#include <stddef.h>\n"
        "extern const unsigned char weir__asset_${NAME}[];\nextern const size_t weir__asset_${NAME}_len;\n"
        "const unsigned char weir__asset_${NAME}[] = {${bytes}0};\n"
        "const size_t weir__asset_${NAME}_len = sizeof(weir__asset_${NAME}) - 1;\n")
    return()
endif()

set(WEIR_ASSETS_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(weir_embed target)
    foreach(file ${ARGN})
        get_filename_component(label ${file} NAME)
        string(REPLACE "." "_" name ${label})
        set(made ${CMAKE_CURRENT_BINARY_DIR}/assets/${name}.c)
        add_custom_command(OUTPUT ${made}
            COMMAND ${CMAKE_COMMAND} -DFROM=${PROJECT_SOURCE_DIR}/${file} -DTO=${made} -DNAME=${name} -DLABEL=${file}
                    -P ${WEIR_ASSETS_SCRIPT}
            DEPENDS ${file} ${WEIR_ASSETS_SCRIPT} VERBATIM)
        target_sources(${target} PRIVATE ${made})
    endforeach()
endfunction()
