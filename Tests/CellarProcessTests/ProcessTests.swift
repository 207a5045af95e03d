import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// Everything with several processes: one test at a time, since each wants the processors for itself.
@Suite(.serialized) struct ProcessTests {}
