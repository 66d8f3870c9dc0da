# Boost's headers: a system Boost new enough, else the ones that the Python package
# cmeel-boost carries. Gives the target sio_native::boost.
set(SIO_NATIVE_BOOST_MINIMUM 108400) # 1.84; Debian 12's 1.74 and 1.81 are too old

add_library(sio_native_boost INTERFACE)
add_library(sio_native::boost ALIAS sio_native_boost)

function(boost_version_of include_dir result)
    set(${result} 0 PARENT_SCOPE)
    if(EXISTS "${include_dir}/boost/version.hpp")
        file(STRINGS "${include_dir}/boost/version.hpp" line REGEX "^#define BOOST_VERSION ")
        string(REGEX REPLACE "[^0-9]*([0-9]+).*" "\\1" version "${line}")
        set(${result} ${version} PARENT_SCOPE)
    endif()
endfunction()

find_path(SIO_NATIVE_SYSTEM_BOOST boost/version.hpp)
boost_version_of("${SIO_NATIVE_SYSTEM_BOOST}" version)
if(version GREATER_EQUAL SIO_NATIVE_BOOST_MINIMUM)
    set(boost_include "${SIO_NATIVE_SYSTEM_BOOST}")
else()
    execute_process(
        COMMAND ${Python_EXECUTABLE} -c
                "import pathlib, sys
for entry in sys.path:
    include = pathlib.Path(entry, 'cmeel.prefix', 'include')
    if (include / 'boost' / 'version.hpp').exists():
        print(include, end='')
        break"
        OUTPUT_VARIABLE boost_include)
    boost_version_of("${boost_include}" version)
    if(version LESS SIO_NATIVE_BOOST_MINIMUM)
        message(FATAL_ERROR
            "Boost 1.84 or newer is needed, and neither the system nor ${Python_EXECUTABLE} has it. "
            "Install it with: ${Python_EXECUTABLE} -m pip install cmeel-boost==1.90.0")
    endif()
endif()
message(STATUS "Boost ${version} headers: ${boost_include}")

target_include_directories(sio_native_boost SYSTEM INTERFACE "${boost_include}")
target_compile_definitions(sio_native_boost INTERFACE
    BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_USE_STD_STRING_VIEW BOOST_ALL_NO_LIB)
target_link_libraries(sio_native_boost INTERFACE Threads::Threads)
