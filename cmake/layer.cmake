# One target per layer: add_layer(eio SOURCES ... PUBLIC base PRIVATE ...)
# Includes are written from src/cpp: #include "eio/packet.hpp".
function(add_layer name)
    cmake_parse_arguments(layer "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    list(TRANSFORM layer_PUBLIC PREPEND sio_native::)
    list(TRANSFORM layer_PRIVATE PREPEND sio_native::)
    if(SIO_NATIVE_LAYERS)
        add_library(sio_native_${name} STATIC IMPORTED GLOBAL)
        set_target_properties(sio_native_${name} PROPERTIES IMPORTED_LOCATION
            ${SIO_NATIVE_LAYERS}/src/cpp/${name}/${CMAKE_STATIC_LIBRARY_PREFIX}sio_native_${name}.a)
        target_include_directories(sio_native_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src/cpp)
        target_link_libraries(sio_native_${name} INTERFACE ${layer_PUBLIC} ${layer_PRIVATE})
    else()
        add_library(sio_native_${name} STATIC ${layer_SOURCES})
        target_include_directories(sio_native_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src/cpp)
        target_link_libraries(sio_native_${name} PUBLIC ${layer_PUBLIC} PRIVATE ${layer_PRIVATE})
        project_warnings(sio_native_${name})
    endif()
    add_library(sio_native::${name} ALIAS sio_native_${name})
endfunction()

# Warnings are errors for developers, and only warnings for those who install.
function(project_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic
        $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>) # another file's name is no shadow
    # GCC 12 warns of overlaps within std::string where there are none, its bug 105651.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
    if(SIO_NATIVE_DEV)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(SIO_NATIVE_SANITIZE)
        target_compile_options(${target} PRIVATE
            -fsanitize=${SIO_NATIVE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
            # ThreadSanitizer does not follow fences; Asio's are not what keeps our data apart. And
            # with a sanitizer's code between, GCC sees uninitialised values in std::regex.
            "$<$<CXX_COMPILER_ID:GNU>:-Wno-tsan;-Wno-maybe-uninitialized>")
        target_link_options(${target} PUBLIC -fsanitize=${SIO_NATIVE_SANITIZE})
    endif()
endfunction()
