# Tests that are scripts: source checks, and whole-program tests against `weir sim`.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

add_test(NAME source/layers COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_layers.py)
add_test(NAME source/style COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_source.py)
add_test(NAME source/layers_self COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_layers.py --self-test)
add_test(NAME source/style_self COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_source.py --self-test)
set_tests_properties(source/layers source/style source/layers_self source/style_self PROPERTIES LABELS quick TIMEOUT 60)

file(GLOB e2e CONFIGURE_DEPENDS e2e/test_*.py)
foreach(script ${e2e})
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} -m unittest -v ${name}
             WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/e2e)
    # searches, gates, fixed rates and browsers take a minute each: once is enough, without sanitizers
    set(labels full)
    if(name MATCHES "^test_(find|gate|rate|report)$")
        list(APPEND labels long)
    endif()
    set_tests_properties(e2e/${name} PROPERTIES LABELS "${labels}" TIMEOUT 300 RUN_SERIAL ON
        ENVIRONMENT "WEIR_BIN=$<TARGET_FILE:weir>;PYTHONDONTWRITEBYTECODE=1")
endforeach()
