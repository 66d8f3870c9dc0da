// By itself without the option: it would call itself.
#include "cost/steps.hpp"

extern "C" void __sanitizer_cov_trace_pc() {
    ++steps::taken;
}
