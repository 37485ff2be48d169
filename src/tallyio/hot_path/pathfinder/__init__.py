"""All ways through the pools, by marginal rates: gaining cycles from base tokens, routes between two, long cycles."""
