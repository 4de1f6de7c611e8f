"""Pictures of a screen: heat map, trees and map of many models, as files and as one page. Nothing is measured here."""
