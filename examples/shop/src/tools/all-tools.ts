import { addDeliveryToCalendar } from './add-delivery-to-calendar.ts';
import { cancelOrder } from './cancel-order.ts';
import { findProducts } from './find-products.ts';
import { myOrders } from './my-orders.ts';
import { myProfile } from './my-profile.ts';
import { orderStatus } from './order-status.ts';

/** Everything that the assistant can do. */
export const allTools = [findProducts, myOrders, orderStatus, cancelOrder, addDeliveryToCalendar, myProfile] as const;
