//! What stands where in an edition: grouping by region, the lead, the cap.
