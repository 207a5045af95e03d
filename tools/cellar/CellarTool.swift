import ArgumentParser
import Cellar

@main
struct CellarTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cellar", abstract: "Looks into and changes Cellar stores: state that programs share.")
}
